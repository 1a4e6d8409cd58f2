#pragma once

#include "runner/border/cell/own_user.hpp"
#include "runner/border/cell/watched_sockets.hpp"

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::border::cell {

/// How all that a question has started is found when it is to end.
enum class EndMethod {
    own_user,         ///< by a user id that nothing else has
    process_namespace ///< by the first process of a namespace, with which all others go
};

/// Gives a question's listener (seccomp_unotify(2)) to who supervises it. By memory that both have: the calls
/// that would do may be those that are watched.
class Handover {
public:
    Handover();
    /// For the question, before it becomes its command, with its number as its supervisor sees it. Returns
    /// when it is taken.
    void give(int listener, pid_t process) noexcept;
    /// For the other side: its number in the question; -1: none yet.
    [[nodiscard]] int offered() const noexcept;
    [[nodiscard]] pid_t process() const noexcept;
    void took() noexcept;

private:
    struct Shared;
    Shared* shared_;
};

struct Supervision {
    EndMethod how = EndMethod::own_user;
    bool watched = false;              ///< a listener will be given
    std::vector<std::string> services; ///< that it may reach: paths of sockets
    std::vector<std::string> daemons;  ///< of which it may only ask: see ReadOnlyDaemon
    bool own_network = false;          ///< it asks for a network that is not the machine's
    WatchedSockets::Rights rights = WatchedSockets::Rights::none; ///< by which it asks the kernel
    uid_t as_user = OwnUser::any; ///< what they see of it; `any`: its own user
};
/// Runs `work`, which does not return, in a child, as root still; `user` is what it may become. Ends as that
/// did (also by the same signal) when all that it has started is gone. When this process gets SIGTERM, or its
/// parent dies, or it takes too long, the same sooner, with `timed_out`.
[[noreturn]] void supervise(const Supervision& supervision,
                            const std::function<void(uid_t user, Handover& handover)>& work);

/// In the first process of a namespace: goes on in a second one, while the first waits for it, and ends as it
/// does (128 and a signal's number). A first process is ended by no signal that it does not ask for, and
/// scripts take a parent of number 1 for init: Debian's scripts of services do not speak to systemd then.
void leave_first_process();

/// Waits for a child that is the first process of its namespace, and ends as it did.
[[noreturn]] void follow(pid_t child);

} // namespace disco::border::cell
