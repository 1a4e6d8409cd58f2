#include "runner/report/html_page.hpp"

#include "runner/report/html_assets.hpp"
#include "runner/sys/sha256.hpp"

#include <cstdint>
#include <string>

namespace disco::report {
namespace {

/// RFC 4648.
std::string base64(const sys::Sha256Digest& digest) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < digest.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t i = at; i < at + 3; ++i) bits = bits << 8U | (i < digest.size() ? digest.at(i) : 0U);
        for (unsigned shift = 24; shift != 0;) text += letters[bits >> (shift -= 6U) & 63U];
    }
    const std::size_t missing = (3 - digest.size() % 3) % 3;
    return text.replace(text.size() - missing, missing, missing, '=');
}

} // namespace

void begin_page(HtmlWriter& html, const std::function<void()>& title) {
    static const std::string style = base64(sys::sha256(report_style()));
    static const std::string script = base64(sys::sha256(report_script()));
    html.markup(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-")
        .line(style)
        .markup("'; script-src 'sha256-")
        .line(script)
        .markup("'; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    title();
    html.markup("</title>\n<style>").asset(report_style()).markup("</style>\n</head>\n<body>\n");
}

void end_page(HtmlWriter& html) {
    html.markup("<script>").asset(report_script()).markup("</script>\n</body>\n</html>\n");
    html.finish();
}

} // namespace disco::report
