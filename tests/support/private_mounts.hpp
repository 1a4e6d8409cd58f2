#pragma once

namespace disco::tests {

/// Of a mount namespace of the test's own: what is mounted in it is seen nowhere else. In a chroot '/' may be
/// no mount, which is no hindrance. False with errno.
[[nodiscard]] bool make_mounts_private();

} // namespace disco::tests
