#include "runner/border/peer.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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

/// What everybody may know of a process; /proc/PID/ns/pid takes CAP_SYS_PTRACE, which a container may lack.
struct KnownProcess {
    pid_t parent = 0;
    std::ptrdiff_t namespaces = 0; ///< it has a number in so many, from the one of /proc on
};

/// Nothing when it is gone, or hidden.
std::optional<KnownProcess> look_at(pid_t process) {
    const sys::UniqueFd file{::open(fmt::format("/proc/{}/status", process).c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> bytes; // NOLINT(*-member-init): read fills it
    const ssize_t got = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
    const std::string_view text{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    const auto value = [&](std::string_view key) {
        const std::size_t at = text.find(key);
        if (at == std::string_view::npos) return std::string_view{};
        std::string_view rest = text.substr(at + key.size());
        return sys::take_line(rest);
    };
    const std::string_view parent = value("\nPPid:\t"), numbers = value("\nNSpid:\t");
    const auto number = sys::number_in<pid_t>(parent);
    if (!number || numbers.empty()) return std::nullopt;
    KnownProcess known;
    known.parent = *number;
    known.namespaces = 1 + std::count(numbers.begin(), numbers.end(), '\t');
    return known;
}

/// Whether one process is the other, or was started by it or by its offspring: who loses its parent gets one
/// that began still earlier, and in a process namespace at last its first process.
bool descends(pid_t process, pid_t ancestor) {
    constexpr std::size_t most = 8192; // of the processes of a sandbox, see sandbox::Watch
    std::vector<pid_t> line = {process};
    while (line.back() != ancestor) {
        const auto known = look_at(line.back());
        if (!known || known->parent <= 0 || line.size() == most) return false;
        line.push_back(known->parent);
    }
    // A number may have become another's before it was looked at. From the ancestor down: who still has the
    // same parent has had it all the time, so the parent's number was the parent's when that was looked at.
    for (std::size_t i = line.size() - 1; i-- > 0;) {
        const auto known = look_at(line[i]);
        if (!known || known->parent != line[i + 1]) return false;
    }
    return true;
}

/// `first`: of the sandbox. It cannot be taken for another, as this process has not yet seen its end.
bool in_sandbox_of(pid_t first, pid_t process) {
    const auto known = look_at(process), known_first = look_at(first);
    return known && known_first && known->namespaces == known_first->namespaces && descends(process, first);
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
    if (!held && errno != ENOPROTOOPT) return peer; // gone, and its number may be anybody's
    // The first process of the sandbox listens: unix(7), SO_PEERCRED of a listening socket.
    peer.inside = in_sandbox_of(credentials(listening).pid, who.pid) && !(pidfd && has_ended(pidfd.get()));
    return peer;
}

} // namespace disco::border
