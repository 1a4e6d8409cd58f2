#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

// Small questions about texts that several rooms ask. Pure.
namespace disco::sys {

/// By their names alone. The paths have no slash at the end.
[[nodiscard]] inline bool is_below(std::string_view path, std::string_view directory) {
    return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}
[[nodiscard]] inline bool is_at_or_below(std::string_view path, std::string_view directory) {
    return path == directory || is_below(path, directory);
}

/// Without the slashes at its end; "/" stays.
[[nodiscard]] inline std::string_view without_last_slashes(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

/// Whether a word may stand for several (fnmatch(3)).
[[nodiscard]] inline bool is_pattern(std::string_view word) {
    return word.find_first_of("*?[") != std::string_view::npos;
}

/// ASCII only.
[[nodiscard]] inline std::string lower_case(std::string_view text) {
    std::string lower{text};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

} // namespace disco::sys
