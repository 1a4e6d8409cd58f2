#include "runner/border/cell/watched_calls.hpp"

#include "policy/walls.hpp"
#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/question_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

/// The bytes of a msghdr with its parts, without address and ancillary data.
std::optional<std::string> read_message(pid_t process, std::uint64_t address) {
    const auto heading = read_memory(process, address, sizeof(msghdr));
    if (!heading) return std::nullopt;
    msghdr message = {};
    std::memcpy(&message, heading->data(), sizeof message);
    constexpr std::size_t most_parts = 64, most_bytes = 1U << 20;
    if (message.msg_controllen != 0 || message.msg_iovlen > most_parts) return std::nullopt;
    const auto list = read_memory(process, reinterpret_cast<std::uint64_t>(message.msg_iov),
                                  message.msg_iovlen * sizeof(iovec));
    if (!list) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
        iovec part = {};
        std::memcpy(&part, list->data() + i * sizeof part, sizeof part);
        if (part.iov_len > most_bytes - bytes.size()) return std::nullopt;
        const auto piece = read_memory(process, reinterpret_cast<std::uint64_t>(part.iov_base), part.iov_len);
        if (!piece) return std::nullopt;
        bytes += *piece;
    }
    return bytes;
}

bool is_fork(int number) {
#if defined(SYS_fork) // not on every architecture
    if (number == SYS_fork || number == SYS_vfork) return true;
#endif
    return number == SYS_clone;
}

/// connect(2) as `user`, of whom the service sees the credentials.
int connect_as(uid_t user, int socket, const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    path.copy(address.sun_path, path.size());
    // A service that does not accept must not hold up the end of the question.
    const timeval patience = {5, 0}, none = {0, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int result = 0;
    if (::setegid(static_cast<gid_t>(user)) != 0 || ::seteuid(user) != 0)
        result = errno;
    else if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        result = errno;
    if (::seteuid(0) != 0 || ::setegid(0) != 0) ::_exit(cannot);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0); // another user has none: credentials(7)
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    return result;
}

} // namespace

bool WatchedCall::waits() const {
    std::uint64_t wanted = id; // ioctl(2) takes a pointer to what it only reads
    return ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &wanted) == 0;
}

WatchedCalls::WatchedCalls(uid_t user, std::vector<std::string> services, std::vector<std::string> daemons,
                           ReadOnlyDaemon& between, WatchedSockets::Rights rights)
    : user_{user},
      services_{std::move(services)},
      daemons_{std::move(daemons)},
      between_{between},
      sockets_{rights} {}

bool WatchedCalls::take_listener(pid_t question, int number) {
    listener_ = descriptor_of(question, number);
    return listener_ >= 0;
}

void WatchedCalls::forget() {
    ::close(listener_);
    listener_ = -1;
}

void WatchedCalls::serve() {
    // Larger than this kernel's structures may be, and zero, as they have to be.
    alignas(8) std::array<char, 1024> request_bytes{}, response_bytes{};
    auto* request = reinterpret_cast<seccomp_notif*>(request_bytes.data());
    auto* response = reinterpret_cast<seccomp_notif_resp*>(response_bytes.data());
    if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, request) != 0) return; // gone again, or nobody is left
    WatchedCall call{
        process_of(static_cast<pid_t>(request->pid)), request->data.nr, {}, listener_, request->id};
    std::copy(std::begin(request->data.args), std::end(request->data.args), call.arguments.begin());
    Answer given = answer(call);
    if (given.descriptor >= 0) {
        const Descriptor own{given.descriptor};
        struct seccomp_notif_addfd added = {};
        added.id = request->id;
        added.srcfd = static_cast<__u32>(own.fd);
        added.newfd_flags = given.closed_by_exec ? O_CLOEXEC : 0;
        const int number = ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ADDFD, &added);
        given.result = number < 0 ? -errno : number;
    }
    response->id = request->id;
    if (given.go_on)
        response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (given.result < 0)
        response->error = static_cast<int>(given.result);
    else
        response->val = given.result;
    ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, response); // fails when the caller is gone
}

Answer WatchedCalls::answer(const WatchedCall& call) {
    const bool to_daemon = call.number == SYS_connect && !daemons_.empty();
    using policy::Wall;
    const auto wall = call.number == SYS_socket ? Wall::query_sockets
                      : is_fork(call.number)    ? Wall::query_limits
                                                : Wall::query_calls;
    if (!policy::wall_stands(wall) && !to_daemon) return Answer::let_through();
    if (is_fork(call.number)) {
        if (forks_left_ == 0) return Answer::error(EAGAIN);
        --forks_left_;
        return Answer::let_through();
    }
    switch (call.number) {
    case SYS_connect: return connect(call);
    case SYS_socket: return sockets_.make(call);
    case SYS_bind: return sockets_.bind(call);
    case SYS_ioctl: return sockets_.control(call);
    case SYS_getsockopt: return sockets_.option(call);
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_write:
    case SYS_writev: return send(call);
    default: return Answer::error(EPERM);
    }
}

/// Nobody shares its descriptors (threads are refused by the filter), so what this one is stays so. A socket
/// of another kind than those for the network leads to a service, as the supervisor has connected it, or to
/// the question itself.
Answer WatchedCalls::send(const WatchedCall& call) {
    const Descriptor target{descriptor_of(call.process, call.descriptor())};
    struct stat status = {};
    if (target.fd < 0 || ::fstat(target.fd, &status) != 0) return Answer::error(EBADF);
    if (!S_ISSOCK(status.st_mode) || socket_option(target.fd, SO_DOMAIN) == AF_UNIX)
        return Answer::let_through();
    switch (call.number) {
    case SYS_sendto: {
        // It is sent to the kernel, whatever the address; systemd's is longer than it has to be.
        if (call.arguments[4] != 0 && call.arguments[5] < sizeof(sockaddr_nl)) return Answer::error(EINVAL);
        const auto bytes = read_memory(call.process, call.arguments[1], call.arguments[2]);
        return bytes ? sockets_.send(call, *bytes) : Answer::error(EPERM);
    }
    case SYS_sendmsg: {
        const auto bytes = read_message(call.process, call.arguments[1]);
        return bytes ? sockets_.send(call, *bytes) : Answer::error(EPERM);
    }
    default: return Answer::error(EPERM);
    }
}

Answer WatchedCalls::connect(const WatchedCall& call) {
    const std::size_t size = call.arguments[2];
    if (size <= offsetof(sockaddr_un, sun_path) || size > sizeof(sockaddr_un)) return Answer::error(EACCES);
    const auto bytes = read_memory(call.process, call.arguments[1], size);
    if (!bytes) return Answer::error(EFAULT);
    sockaddr_un address = {};
    std::memcpy(&address, bytes->data(), bytes->size());
    if (address.sun_family != AF_UNIX) return Answer::error(EACCES);
    const std::string path(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
    const auto is_meant = [&](const std::string& each) { return path == each || path == "/var" + each; };
    const auto service = std::find_if(services_.begin(), services_.end(), is_meant);
    const auto daemon = std::find_if(daemons_.begin(), daemons_.end(), is_meant);
    if (service == services_.end() && daemon == daemons_.end()) return Answer::error(EACCES);
    const Descriptor socket{descriptor_of(call.process, call.descriptor())};
    if (socket.fd < 0 || socket_option(socket.fd, SO_DOMAIN) != AF_UNIX) return Answer::error(EACCES);
    return Answer::error(service != services_.end() ? connect_as(user_, socket.fd, *service)
                                                    : between_.connect(socket.fd, *daemon));
}

} // namespace disco::border::cell
