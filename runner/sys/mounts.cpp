#include "runner/sys/mounts.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <fmt/format.h>

namespace disco::sys {
namespace {

/// The kernel writes blank, tab, newline and backslash as \ooo.
std::string unescape(std::string_view field) {
    std::string text;
    for (std::size_t at = 0; at < field.size(); ++at) {
        const auto code = field[at] == '\\' && at + 3 < field.size()
                              ? octal_in<unsigned char>(field.substr(at + 1, 3), 0377)
                              : std::nullopt;
        text += code ? static_cast<char>(*code) : field[at];
        if (code) at += 3;
    }
    return text;
}

int number(std::string_view field, std::string_view line) {
    const auto value = number_in<int>(field);
    if (!value) throw Error{fmt::format("cannot read the mount table line '{}'", line)};
    return *value;
}

} // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    for (const std::string_view line : lines_of(text)) {
        if (line.empty()) continue;
        // id parent major:minor root point options [optional…] - type source super-options
        const auto fields = split(line, ' ');
        std::size_t dash = 6;
        while (dash < fields.size() && fields[dash] != "-") ++dash;
        if (dash + 2 >= fields.size())
            throw Error{fmt::format("cannot read the mount table line '{}'", line)};
        mounts.push_back({.id = number(fields[0], line),
                          .parent = number(fields[1], line),
                          .root = unescape(fields[3]),
                          .point = unescape(fields[4]),
                          .options = std::string{fields[5]},
                          .type = unescape(fields[dash + 1]),
                          .source = unescape(fields[dash + 2]),
                          .super_options = std::string{dash + 3 < fields.size() ? fields[dash + 3] : ""}});
    }
    return mounts;
}

std::vector<Mount> read_mounts() { return parse_mountinfo(read_file("/proc/self/mountinfo")); }

} // namespace disco::sys
