#include "runner/sys/json_string.hpp"

#include "runner/sys/printable.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace disco::sys {

bool append_plain_json_string(std::string& out, std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char byte) {
        return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
    });
    if (!plain) return false;
    out += '"';
    out += text;
    out += '"';
    return true;
}

void append_json_string(std::string& out, std::string_view text) {
    if (append_plain_json_string(out, text)) return;
    out += '"';
    const std::string safe = is_utf8(text) ? std::string{} : printable_text(text);
    for (const char c : safe.empty() ? text : std::string_view{safe}) {
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\t': out += "\\t"; break;
        case '\r': out += "\\r"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
            else
                out += c;
        }
    }
    out += '"';
}

} // namespace disco::sys
