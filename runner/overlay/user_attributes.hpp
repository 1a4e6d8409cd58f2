#pragma once

#include "runner/overlay/mount_class.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace disco::overlay {

/// A message when the file system of the layers takes no extended attributes user.* (a tmpfs before Linux
/// 6.6) and that of a managed mount does; nothing otherwise. Overlayfs silently drops them from all that it
/// copies up (ovl_copy_xattr), so a merge would take them from the live files. Both file systems are asked by
/// getxattr(2); nothing is written. Throws sys::SysError when one cannot be asked.
[[nodiscard]] std::optional<std::string> lost_user_attributes(const std::filesystem::path& layers,
                                                              const std::vector<ClassifiedMount>& managed);

} // namespace disco::overlay
