#pragma once

#include "policy/exec_call.hpp"

#include <cstdint>
#include <functional>

#include <linux/seccomp.h>

namespace disco::border {

/// Makes a thread that waits in an exec execute `program` (a descriptor of this process) instead, with the
/// arguments and environment of its own call. The thread is traced (ptrace(2)) for a moment and repeats the
/// call by a descriptor that it is given; none of its memory is written. `empty`: the address of a NUL byte
/// in its memory. `before`: called with the number of the descriptor, right before the thread goes on.
///
/// Answers the request in any case. Returns 0 when the thread goes on or is gone, else the errno that it got:
/// EPERM where this machine refuses ptrace(2), EMFILE where it has no descriptor left. Called by the thread
/// that hears `listener`.
[[nodiscard]] int redirect_exec(int listener, const seccomp_notif& request, const policy::ExecCall& call,
                                int program, std::uint64_t empty, const std::function<void(int fd)>& before);

/// Whether nothing is known to stand in the way of redirect_exec on this machine: that would be the
/// container's seccomp profile, yama's ptrace_scope of 3, or no CAP_SYS_PTRACE, without which nobody can know
/// who asks.
[[nodiscard]] bool redirection_possible() noexcept;

} // namespace disco::border
