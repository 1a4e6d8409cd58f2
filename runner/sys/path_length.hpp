#pragma once

#include <climits>
#include <cstddef>
#include <string>
#include <string_view>

namespace disco::sys {

/// Bytes of a path. What is longer no call takes (path_resolution(7)): it can be made and reached step by
/// step alone.
constexpr std::size_t longest_path = PATH_MAX - 1;

/// For messages: a path, or its beginning.
[[nodiscard]] std::string path_for_people(std::string_view path);

/// Throws Error that names the path's beginning, and says what to do, when it is longer. `path`: relative to
/// `top`, which is "" or begins with a slash and is for the message alone.
void check_path_length(std::string_view top, std::string_view path);

} // namespace disco::sys
