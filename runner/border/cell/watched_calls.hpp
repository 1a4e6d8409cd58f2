#pragma once

#include "runner/border/cell/read_only_daemon.hpp"
#include "runner/border/cell/watched_call.hpp"
#include "runner/border/cell/watched_sockets.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::border::cell {

/// Answers the calls of a question that its filter leaves to this program, which makes those that are right
/// in the question's place, on its descriptors and from memory of its own: what the caller's memory holds
/// afterwards is of no consequence.
///
/// - connect(2): to the services that it needs, by their paths on the machine, as the question's own user. No
///   other socket is reached, wherever it lies.
/// - socket(2) and what is done by the sockets that are made so: see WatchedSockets.
/// - write(2), writev(2): to no such socket.
/// - clone(2), fork(2), vfork(2) of a question that is root, whose processes the kernel does not bound: 256
/// in all.
class WatchedCalls {
public:
    /// `user`: of the question. `services`: paths of sockets; `daemons`: of those that are spoken to through
    /// `between`, which must outlive it.
    WatchedCalls(uid_t user, std::vector<std::string> services, std::vector<std::string> daemons,
                 ReadOnlyDaemon& between, WatchedSockets::Rights rights);

    /// To be polled; -1 before there is one.
    [[nodiscard]] int fd() const noexcept { return listener_; }
    /// The question's listener (seccomp_unotify(2)) is its descriptor `number`. False when it cannot be had.
    [[nodiscard]] bool take_listener(pid_t question, int number);
    void serve();
    /// Nobody is left who could call.
    void forget();

private:
    [[nodiscard]] Answer answer(const WatchedCall& call);
    [[nodiscard]] Answer connect(const WatchedCall& call);
    [[nodiscard]] Answer send(const WatchedCall& call);

    uid_t user_;
    std::vector<std::string> services_, daemons_;
    ReadOnlyDaemon& between_;
    WatchedSockets sockets_;
    int listener_ = -1;
    int forks_left_ = 256; ///< a whole run of ufw(8) takes some dozens
};

} // namespace disco::border::cell
