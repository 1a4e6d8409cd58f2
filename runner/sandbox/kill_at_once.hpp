#pragma once

#include <csignal>

#include <sched.h>
#include <sys/types.h>

namespace disco::sandbox {

/// SIGKILL for a child that is not reaped yet, and a turn before all others' to die in (SCHED_FIFO,
/// sched(7)): a PID 1 takes its namespace along only when it gets to run, which among thousands of processes
/// is after seconds. Without CAP_SYS_NICE it dies in its turn.
inline void kill_at_once(pid_t child) noexcept {
    const struct sched_param first = {1};
    ::sched_setscheduler(child, SCHED_FIFO, &first);
    ::kill(child, SIGKILL);
}

} // namespace disco::sandbox
