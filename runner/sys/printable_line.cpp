#include "runner/sys/printable_line.hpp"

#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <cstddef>

namespace disco::sys {
namespace {

/// Takes the first character off, or a byte that begins none.
void drop_character(std::string_view& bytes) {
    std::size_t length = 1;
    while (length < bytes.size() && length < 4 && (static_cast<unsigned char>(bytes[length]) & 0xc0) == 0x80)
        ++length;
    bytes.remove_prefix(is_utf8(bytes.substr(0, length)) ? length : 1);
}

} // namespace

std::string printable_line(std::string_view bytes) {
    std::string line;
    for (const char c : printable_text(bytes))
        if (c == '\n')
            line += "\\n";
        else
            line += c;
    return line;
}

std::string line_at_its_end(std::string_view line) {
    std::string shown;
    while (!line.empty()) {
        const std::string_view part = take_until(line, '\r');
        std::string_view left = shown; // what is longer than that shows
        for (std::string_view rest = part; !rest.empty() && !left.empty();) {
            drop_character(rest);
            drop_character(left);
        }
        shown = std::string{part}.append(left);
    }
    return shown;
}

} // namespace disco::sys
