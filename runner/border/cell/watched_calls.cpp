#include "runner/border/cell/watched_calls.hpp"

#include "policy/walls.hpp"
#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/netlink_requests.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>

#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

constexpr std::size_t most_bytes = 1U << 20;

struct Descriptor {
    explicit Descriptor(int number) : fd{number} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
    int fd;
};

/// pidfd_open(2) wants a process, and a call may come from any of its threads.
pid_t process_of(pid_t thread) {
    char line[256], path[64];
    std::snprintf(path, sizeof path, "/proc/%d/status", thread);
    std::FILE* file = std::fopen(path, "re");
    if (file == nullptr) return thread;
    pid_t process = thread;
    while (std::fgets(line, sizeof line, file) != nullptr)
        if (std::sscanf(line, "Tgid: %d", &process) == 1) break;
    std::fclose(file);
    return process;
}

int descriptor_of(pid_t process, int number) {
    const Descriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, process, 0))};
    return pidfd.fd < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd.fd, number, 0));
}

std::optional<std::string> read_memory(pid_t process, std::uint64_t address, std::size_t size) {
    if (size > most_bytes) return std::nullopt;
    std::string bytes(size, '\0');
    const iovec local = {bytes.data(), size}, remote = {reinterpret_cast<void*>(address), size};
    if (size > 0 && ::process_vm_readv(process, &local, 1, &remote, 1, 0) != static_cast<ssize_t>(size))
        return std::nullopt;
    return bytes;
}

int socket_option(int fd, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/// The bytes of a msghdr with its parts, without address and ancillary data.
std::optional<std::string> read_message(pid_t process, std::uint64_t address) {
    const auto heading = read_memory(process, address, sizeof(msghdr));
    if (!heading) return std::nullopt;
    msghdr message = {};
    std::memcpy(&message, heading->data(), sizeof message);
    constexpr std::size_t most_parts = 64;
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
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    return result;
}

} // namespace

struct WatchedCalls::Call {
    pid_t process = 0;
    int number = 0;
    std::array<std::uint64_t, 6> arguments{};
};

WatchedCalls::WatchedCalls(uid_t user, std::vector<std::string> services, std::vector<std::string> daemons,
                           ReadOnlyDaemon& between)
    : user_{user}, services_{std::move(services)}, daemons_{std::move(daemons)}, between_{between} {}

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
    Call call{process_of(static_cast<pid_t>(request->pid)), request->data.nr, {}};
    std::copy(std::begin(request->data.args), std::end(request->data.args), call.arguments.begin());
    bool let_through = false;
    const long long result = answer(call, let_through);
    response->id = request->id;
    if (let_through)
        response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (result < 0)
        response->error = static_cast<int>(result);
    else
        response->val = result;
    ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, response); // fails when the caller is gone
}

long long WatchedCalls::answer(const Call& call, bool& let_through) {
    const bool to_daemon = call.number == SYS_connect && !daemons_.empty();
    if (!policy::wall_stands(policy::Wall::query_calls) && !to_daemon) {
        let_through = true;
        return 0;
    }
    switch (call.number) {
    case SYS_connect: return connect(call);
    case SYS_sendto: {
        if (call.arguments[4] != 0 && call.arguments[5] != sizeof(sockaddr_nl)) return -EPERM;
        const auto bytes = read_memory(call.process, call.arguments[1], call.arguments[2]);
        return bytes ? send(call, *bytes) : -EPERM;
    }
    case SYS_sendmsg: {
        const auto bytes = read_message(call.process, call.arguments[1]);
        return bytes ? send(call, *bytes) : -EPERM;
    }
    case SYS_write:
    case SYS_writev: {
        // Nobody shares its descriptors (threads are refused by the filter), so what this one is stays so.
        const Descriptor target{descriptor_of(call.process, static_cast<int>(call.arguments[0]))};
        struct stat status = {};
        if (target.fd < 0 || ::fstat(target.fd, &status) != 0) return -EBADF;
        if (S_ISSOCK(status.st_mode)) return -EPERM;
        let_through = true;
        return 0;
    }
    default: return -EPERM;
    }
}

long long WatchedCalls::connect(const Call& call) {
    const std::size_t size = call.arguments[2];
    if (size <= offsetof(sockaddr_un, sun_path) || size > sizeof(sockaddr_un)) return -EACCES;
    const auto bytes = read_memory(call.process, call.arguments[1], size);
    if (!bytes) return -EFAULT;
    sockaddr_un address = {};
    std::memcpy(&address, bytes->data(), bytes->size());
    if (address.sun_family != AF_UNIX) return -EACCES;
    const std::string path(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
    const auto is_meant = [&](const std::string& each) { return path == each || path == "/var" + each; };
    const auto service = std::find_if(services_.begin(), services_.end(), is_meant);
    const auto daemon = std::find_if(daemons_.begin(), daemons_.end(), is_meant);
    if (service == services_.end() && daemon == daemons_.end()) return -EACCES;
    const Descriptor socket{descriptor_of(call.process, static_cast<int>(call.arguments[0]))};
    if (socket.fd < 0 || socket_option(socket.fd, SO_DOMAIN) != AF_UNIX) return -EACCES;
    return service != services_.end() ? -connect_as(user_, socket.fd, *service)
                                      : -between_.connect(socket.fd, *daemon);
}

long long WatchedCalls::send(const Call& call, const std::string& bytes) const {
    const Descriptor socket{descriptor_of(call.process, static_cast<int>(call.arguments[0]))};
    if (socket.fd < 0) return -EBADF;
    if (socket_option(socket.fd, SO_DOMAIN) != AF_NETLINK) return -EPERM;
    const std::size_t asking = asking_bytes(socket_option(socket.fd, SO_PROTOCOL), bytes);
    if (asking == 0) return -EPERM;
    sockaddr_nl kernel = {};
    kernel.nl_family = AF_NETLINK;
    const ssize_t sent = ::sendto(socket.fd, bytes.data(), asking, MSG_DONTWAIT,
                                  reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    return sent < 0 ? -errno : static_cast<long long>(bytes.size());
}

} // namespace disco::border::cell
