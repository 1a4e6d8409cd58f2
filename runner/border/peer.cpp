#include "runner/border/peer.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"

#include <cerrno>
#include <optional>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

constexpr int peer_pidfd = 77; // SO_PEERPIDFD, since Linux 6.5

struct ucred credentials(int socket) {
    struct ucred result = {};
    socklen_t size = sizeof result;
    sys::check(::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &result, &size), "ask who speaks to the broker");
    return result;
}

/// Of which process namespace a process is; nothing when it is gone.
std::optional<ino_t> process_namespace(pid_t process) {
    struct stat status = {};
    if (::stat(fmt::format("/proc/{}/ns/pid", process).c_str(), &status) != 0) return std::nullopt;
    return status.st_ino;
}

bool has_ended(int pidfd) {
    struct pollfd wait = {pidfd, POLLIN, 0};
    return ::poll(&wait, 1, 0) != 0;
}

} // namespace

Peer look_at_peer(int listening, int connection) {
    const struct ucred who = credentials(connection);
    Peer peer{who.pid, who.uid, false};
    if (who.pid <= 0) return peer; // of a namespace that cannot be seen from here
    int descriptor = -1;
    socklen_t size = sizeof descriptor;
    const bool held = ::getsockopt(connection, SOL_SOCKET, peer_pidfd, &descriptor, &size) == 0;
    const sys::UniqueFd pidfd{held ? descriptor : -1};
    // The first process of the sandbox listens: unix(7), SO_PEERCRED of a listening socket.
    const auto own = process_namespace(credentials(listening).pid), of_peer = process_namespace(who.pid);
    peer.inside = own && of_peer && *own == *of_peer && !(pidfd && has_ended(pidfd.get()));
    return peer;
}

} // namespace disco::border
