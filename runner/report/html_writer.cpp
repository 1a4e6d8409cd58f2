#include "runner/report/html_writer.hpp"

#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"

namespace disco::report {

HtmlWriter& HtmlWriter::markup(const Markup& markup) {
    pending_ += markup.text();
    pass_on();
    return *this;
}

HtmlWriter& HtmlWriter::text(std::string_view bytes) { return escaped(sys::printable_text(bytes)); }
HtmlWriter& HtmlWriter::line(std::string_view bytes) { return escaped(sys::printable_line(bytes)); }
HtmlWriter& HtmlWriter::name(std::string_view bytes) { return escaped(sys::printable(bytes)); }
HtmlWriter& HtmlWriter::number(std::size_t number) { return escaped(std::to_string(number)); }

HtmlWriter& HtmlWriter::asset(std::string_view text) {
    pending_ += text;
    return *this;
}

HtmlWriter& HtmlWriter::escaped(std::string_view text) {
    for (const char c : text) switch (c) {
        case '&': pending_ += "&amp;"; break;
        case '<': pending_ += "&lt;"; break;
        case '>': pending_ += "&gt;"; break;
        case '"': pending_ += "&quot;"; break;
        case '\'': pending_ += "&#39;"; break;
        default: pending_ += c;
        }
    pass_on();
    return *this;
}

void HtmlWriter::pass_on() {
    constexpr std::size_t enough = 65536;
    if (pending_.size() < enough) return;
    write_(pending_);
    pending_.clear();
}

void HtmlWriter::finish() {
    if (!pending_.empty()) write_(pending_);
    pending_.clear();
}

} // namespace disco::report
