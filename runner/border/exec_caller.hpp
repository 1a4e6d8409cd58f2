#pragma once

#include "policy/exec_call.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

// What is known of a thread that waits in an exec, from outside of its namespaces. It may be gone at any
// time, and its memory may change: everything here is for the report, not for the walls.
namespace disco::border {

/// The NUL-terminated text at an address of the thread's memory, at most PATH_MAX bytes; nothing when there
/// is none, with errno: EPERM when it may not be looked at.
[[nodiscard]] std::optional<std::string> read_text(pid_t thread, std::uint64_t address);

/// Where the path of an exec leads, absolute in the root of the caller; nothing when that cannot be said (a
/// file without a name, a directory outside of its root).
[[nodiscard]] std::optional<std::string> absolute_path(pid_t thread, const policy::ExecCall& call,
                                                       const std::string& path);

/// Whether the thread's root directory is `root`: in a chroot elsewhere a path means something else.
[[nodiscard]] bool has_root(pid_t thread, int root);

/// Who it acts as; nothing when it is gone.
struct Credentials {
    uid_t user = 0;
    gid_t group = 0;
};
[[nodiscard]] std::optional<Credentials> credentials_of(pid_t thread);

/// The process that a thread belongs to; 0 when it is gone.
[[nodiscard]] pid_t process_of(pid_t thread);

} // namespace disco::border
