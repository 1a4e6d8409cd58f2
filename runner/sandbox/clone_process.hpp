#pragma once

#include <csignal>
#include <cstdint>

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace disco::sandbox {

/// clone3(2) as fork: the child goes on here. CLONE_PIDFD gives the descriptor without a race. Negative, with
/// errno, when it fails.
inline pid_t clone_process(std::uint64_t flags, int& pidfd) noexcept {
    struct clone_args arguments = {};
    arguments.flags = flags | CLONE_PIDFD;
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

} // namespace disco::sandbox
