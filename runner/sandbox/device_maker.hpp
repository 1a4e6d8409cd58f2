#pragma once

#include <optional>
#include <string_view>

#include <linux/seccomp.h>

namespace disco::sandbox {

/// Makes what mknod(2) or mknodat(2) asks for, if that is a device. The kernel lets only the initial user
/// namespace make devices, so a process of this one makes it, with nothing but the rights of the caller: its
/// root and working directory, its umask, user and groups, and of the capabilities those that it has itself.
/// It stands under Landlock as the sandbox does, so a descriptor of a directory of the machine is of no use.
/// `name`: of the call. `root`: of the sandbox (O_PATH). `stopped`: when it can be read, nobody waits for the
/// answer any longer, and no device is made. Returns 0 or the errno that the caller gets; nothing when the
/// kernel is to make the call as it stands. Throws SysError.
[[nodiscard]] std::optional<int> make_device(std::string_view name, int root, int stopped, int listener,
                                             const seccomp_notif& request);

} // namespace disco::sandbox
