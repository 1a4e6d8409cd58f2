#pragma once

#include "runner/border/cell/read_only_daemon.hpp"

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
/// - sendto(2), sendmsg(2): requests of the kernel that only ask.
/// - write(2), writev(2): to no socket.
class WatchedCalls {
public:
    /// `user`: of the question. `services`: paths of sockets; `daemons`: of those that are spoken to through
    /// `between`, which must outlive it.
    WatchedCalls(uid_t user, std::vector<std::string> services, std::vector<std::string> daemons,
                 ReadOnlyDaemon& between);

    /// To be polled; -1 before there is one.
    [[nodiscard]] int fd() const noexcept { return listener_; }
    /// The question's listener (seccomp_unotify(2)) is its descriptor `number`. False when it cannot be had.
    [[nodiscard]] bool take_listener(pid_t question, int number);
    void serve();
    /// Nobody is left who could call.
    void forget();

private:
    struct Call;
    /// What the caller gets: a result, or an errno with a minus.
    [[nodiscard]] long long answer(const Call& call, bool& let_through);
    [[nodiscard]] long long connect(const Call& call);
    [[nodiscard]] long long send(const Call& call, const std::string& bytes) const;

    uid_t user_;
    std::vector<std::string> services_, daemons_;
    ReadOnlyDaemon& between_;
    int listener_ = -1;
};

} // namespace disco::border::cell
