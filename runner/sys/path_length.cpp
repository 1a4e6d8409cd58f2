#include "runner/sys/path_length.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::sys {

std::string path_for_people(std::string_view path) {
    constexpr std::size_t most = 200;
    if (path.size() <= most) return printable(path);
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(path[end]) & 0xc0) == 0x80) --end; // within a character
    return printable(path.substr(0, end)) + "…";
}

void check_path_length(std::string_view top, std::string_view path) {
    if (path.size() <= longest_path) return;
    throw Error{fmt::format("'{}' is longer than a path can be: it has {} bytes, of {} at most, and is {} "
                            "directories deep, so it can be neither shown nor merged. Remove that tree, or "
                            "make it less deep",
                            path_for_people(fmt::format("{}/{}", top, path)), path.size(), longest_path,
                            std::count(path.begin(), path.end(), '/'))};
}

} // namespace disco::sys
