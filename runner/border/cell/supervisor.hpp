#pragma once

#include <functional>

#include <sys/types.h>

namespace disco::border::cell {

/// How all that a question has started is found when it is to end.
enum class EndBy {
    own_user,         ///< by a user id that nothing else has
    process_namespace ///< by the first process of a namespace, with which all others go
};
/// Runs `work`, which does not return, in a child, as root still; `user` is what it may become. Ends as that
/// did (also by the same signal) when all that it has started is gone. When this process gets SIGTERM, or its
/// parent dies, or it takes too long, the same sooner, with `timed_out`.
[[noreturn]] void supervise(EndBy how, const std::function<void(uid_t user)>& work);

/// In the first process of a namespace: goes on in a second one, while the first waits for it, and ends as it
/// does (128 and a signal's number). A first process is ended by no signal that it does not ask for, and
/// scripts take a parent of number 1 for init: Debian's scripts of services do not speak to systemd then.
void leave_first_process();

/// Waits for a child that is the first process of its namespace, and ends as it did.
[[noreturn]] void follow(pid_t child);

} // namespace disco::border::cell
