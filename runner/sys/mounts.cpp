#include "runner/sys/mounts.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <charconv>

#include <fmt/format.h>

namespace disco::sys {
namespace {

/// The kernel writes blank, tab, newline and backslash as \ooo.
std::string unescape(std::string_view field) {
    std::string text;
    for (std::size_t at = 0; at < field.size(); ++at) {
        int code = 0;
        const bool escape = field[at] == '\\' && at + 3 < field.size() &&
                            std::from_chars(field.data() + at + 1, field.data() + at + 4, code, 8).ptr ==
                                field.data() + at + 4;
        text += escape ? static_cast<char>(code) : field[at];
        if (escape) at += 3;
    }
    return text;
}

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    while (!line.empty()) {
        const std::size_t end = line.find(' ');
        fields.push_back(line.substr(0, end));
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return fields;
}

int number(std::string_view field, std::string_view line) {
    int value = 0;
    if (std::from_chars(field.data(), field.data() + field.size(), value).ec != std::errc{})
        throw Error{fmt::format("cannot read the mount table line '{}'", line)};
    return value;
}

} // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) continue;
        // id parent major:minor root point options [optional…] - type source super-options
        const auto fields = fields_of(line);
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
