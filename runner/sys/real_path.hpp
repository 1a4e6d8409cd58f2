#pragma once

#include <filesystem>

namespace disco::sys {

/// The path of the directory that `path` names in the tree whose root directory is `root`, without links on
/// the way and relative to the tree; "" is the root. What cannot be found out, or is not there, stays as it
/// is named.
[[nodiscard]] std::filesystem::path real_directory(int root, const std::filesystem::path& path);

} // namespace disco::sys
