#pragma once

#include <filesystem>

namespace disco::tests {

/// Of a mount namespace of the test's own: what is mounted in it is seen nowhere else. In a chroot '/' may be
/// no mount, which is no hindrance. False with errno.
[[nodiscard]] bool make_mounts_private();

/// An absolute path as it is from the root of the mount namespace, which is not this process's in a chroot.
/// Throws SysError.
[[nodiscard]] std::filesystem::path path_from_top(const std::filesystem::path& path);

} // namespace disco::tests
