#pragma once

#include <sys/types.h>

namespace disco::border {

/// Who is at the other end of a connection to the broker.
struct Peer {
    pid_t process = 0; ///< a number of this process's pid namespace
    uid_t user = 0;
    /// Whether it is a process of the sandbox whose first process listens at the socket. Others reach it by
    /// /proc/PID/root.
    bool inside = false;
};

/// `listening` and `connection`: the broker's sockets. With Linux 6.5 the peer is held while it is looked at,
/// so that another process with its number is not taken for it. Takes no right to trace, see ptrace(2); who
/// cannot be looked at is not inside. Throws SysError.
[[nodiscard]] Peer look_at_peer(int listening, int connection);

} // namespace disco::border
