#include "runner/border/cell/watched_sockets.hpp"

#include "runner/border/cell/ethtool_requests.hpp"
#include "runner/border/cell/kernel_parts.hpp"
#include "runner/border/cell/netlink_requests.hpp"
#include "runner/border/cell/question_process.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <optional>

#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

namespace disco::border::cell {
namespace {

bool one_of(int value, std::initializer_list<int> values) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// Does it with the question's rights.
template <class Work> auto as(WatchedSockets::Rights rights, Work work) {
    if (rights == WatchedSockets::Rights::net_admin) return work();
    const WithoutRights laid_down;
    return work();
}

/// Memory that the kernel writes to, as much as it likes: behind it is nothing.
class Room {
public:
    static constexpr std::size_t size = std::size_t{4} << 20;
    Room()
        : bytes_{::mmap(nullptr, size + guard, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)} {
        if (valid()) ::mprotect(data() + size, guard, PROT_NONE);
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() {
        if (valid()) ::munmap(bytes_, size + guard);
    }
    [[nodiscard]] bool valid() const { return bytes_ != MAP_FAILED; }
    [[nodiscard]] char* data() const { return static_cast<char*>(bytes_); }

private:
    static constexpr std::size_t guard = 4096;
    void* bytes_;
};

/// A question to the packet filter of the old kind, in what is handed over for the answer.
struct TableQuestion {
    enum class Scope { table, extension } of;
    const char* family; ///< as in /proc/net
};
std::optional<TableQuestion> table_question(int level, int option) {
    using Scope = TableQuestion::Scope;
    constexpr int information = 64, entries = 65; // IPT_SO_GET_…, and IPv6's of the same numbers
    if (!one_of(level, {SOL_IP, SOL_IPV6})) return std::nullopt;
    const char* const family = level == SOL_IP ? "ip" : "ip6";
    if (one_of(option, {information, entries})) return TableQuestion{Scope::table, family};
    const bool revision = level == SOL_IP ? one_of(option, {66, 67}) : one_of(option, {68, 69});
    return revision ? std::optional{TableQuestion{Scope::extension, family}} : std::nullopt;
}

} // namespace

Answer WatchedSockets::make(const WatchedCall& call) const {
    const int family = static_cast<int>(call.arguments[0]), type = static_cast<int>(call.arguments[1]),
              protocol = static_cast<int>(call.arguments[2]);
    const int kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    const bool internet = one_of(family, {AF_INET, AF_INET6});
    const bool for_tables = kind == SOCK_RAW && protocol == IPPROTO_RAW && rights_ == Rights::net_admin;
    if (family == AF_NETLINK) {
        if (!one_of(protocol,
                    {NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_XFRM, NETLINK_NETFILTER, NETLINK_GENERIC}))
            return Answer::error(EPROTONOSUPPORT);
        if (!kernel_.has_netlink(protocol)) {
            report_missing("such netlink (" + std::to_string(protocol) + ")");
            return Answer::error(EPROTONOSUPPORT);
        }
    } else if (!internet || !((kind == SOCK_DGRAM && protocol == 0) || for_tables)) {
        return Answer::error(EAFNOSUPPORT);
    } else if (family == AF_INET6 && !kernel_.has_ipv6()) {
        return Answer::error(EAFNOSUPPORT);
    }
    Answer answer;
    answer.descriptor = as(rights_, [&] { return ::socket(family, type | SOCK_CLOEXEC, protocol); });
    if (answer.descriptor < 0) return Answer::error(errno);
    answer.closed_by_exec = (type & SOCK_CLOEXEC) != 0;
    // It says that it is not connected, and does it all the same: neither way carries anything any more.
    if (internet && ::shutdown(answer.descriptor, SHUT_RDWR) != 0 && errno != ENOTCONN) {
        const int code = errno;
        ::close(answer.descriptor);
        return Answer::error(code);
    }
    return answer;
}

Answer WatchedSockets::bind(const WatchedCall& call) const {
    sockaddr_nl address = {};
    const auto bytes = read_memory(call.process, call.arguments[1], sizeof address);
    if (call.arguments[2] < sizeof address || !bytes) return Answer::error(EINVAL);
    std::memcpy(&address, bytes->data(), sizeof address);
    const Descriptor socket{descriptor_of(call.process, call.descriptor())};
    if (socket.fd < 0) return Answer::error(EBADF);
    if (socket_option(socket.fd, SO_DOMAIN) != AF_NETLINK || address.nl_family != AF_NETLINK ||
        address.nl_groups != 0)
        return Answer::error(EPERM);
    const WithoutRights laid_down;
    return {::bind(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : -errno};
}

Answer WatchedSockets::send(const WatchedCall& call, const std::string& bytes) {
    const Descriptor socket{descriptor_of(call.process, call.descriptor())};
    if (socket.fd < 0) return Answer::error(EBADF);
    if (socket_option(socket.fd, SO_DOMAIN) != AF_NETLINK) return Answer::error(EPERM);
    const NetlinkRequests asking = asking_requests(socket_option(socket.fd, SO_PROTOCOL), bytes,
                                                   [&](unsigned type) { return families_.name_of(type); });
    if (asking.bytes == 0) return Answer::error(EPERM);
    for (const std::string& module : asking.modules)
        if (!kernel_.has_module(module)) {
            report_missing(module);
            return Answer::error(ENOENT);
        }
    for (const std::string& family : asking.families)
        if (!families_.has(family)) return Answer::error(ENOENT);
    for (const std::string& extension : asking.extensions)
        if (!kernel_.has_extension(extension)) return Answer::error(ENOENT);
    sockaddr_nl kernel = {};
    kernel.nl_family = AF_NETLINK;
    const ssize_t sent = as(rights_, [&] {
        return ::sendto(socket.fd, bytes.data(), asking.bytes, MSG_DONTWAIT,
                        reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    });
    return {sent < 0 ? -errno : static_cast<long long>(bytes.size())};
}

Answer WatchedSockets::control(const WatchedCall& call) const {
    if (static_cast<std::uint32_t>(call.arguments[1]) != SIOCETHTOOL) return Answer::error(ENOTTY);
    ifreq request = {};
    const auto heading = read_memory(call.process, call.arguments[2], sizeof request);
    if (!heading) return Answer::error(EFAULT);
    std::memcpy(&request, heading->data(), sizeof request);
    const auto place = reinterpret_cast<std::uint64_t>(request.ifr_data);
    const Room room;
    const std::string said = read_memory_up_to(call.process, place, Room::size);
    std::uint32_t command = 0;
    if (!room.valid()) return Answer::error(ENOMEM);
    if (said.size() < sizeof command) return Answer::error(EFAULT);
    std::memcpy(&command, said.data(), sizeof command);
    if (!ethtool_asks(command)) return Answer::error(EPERM);
    const Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (socket.fd < 0) return Answer::error(errno);
    ifreq index = request;
    {
        const WithoutRights laid_down; // with it the kernel would look for a module of that name
        if (::ioctl(socket.fd, SIOCGIFINDEX, &index) != 0) return Answer::error(errno);
    }
    std::memcpy(room.data(), said.data(), said.size());
    request.ifr_data = room.data();
    if (as(rights_, [&] { return ::ioctl(socket.fd, SIOCETHTOOL, &request); }) != 0)
        return Answer::error(errno);
    std::size_t changed = said.size(); // what is the same need not be written
    while (changed > 0 && room.data()[changed - 1] == said[changed - 1]) --changed;
    if (!call.waits()) return Answer::error(EINTR);
    return {write_memory(call.process, place, room.data(), changed) ? 0 : -EFAULT};
}

Answer WatchedSockets::option(const WatchedCall& call) const {
    const int level = static_cast<int>(call.arguments[1]), option = static_cast<int>(call.arguments[2]);
    const auto question = table_question(level, option);
    if (!question || rights_ != Rights::net_admin) return Answer::error(ENOPROTOOPT);
    socklen_t size = 0;
    const auto length = read_memory(call.process, call.arguments[4], sizeof size);
    if (!length) return Answer::error(EFAULT);
    std::memcpy(&size, length->data(), sizeof size);
    auto bytes = read_memory(call.process, call.arguments[3], size);
    if (!bytes) return Answer::error(EFAULT);
    const std::string name{bytes->data(), ::strnlen(bytes->data(), bytes->size())};
    const bool is_there = question->of == TableQuestion::Scope::extension
                              ? kernel_.has_extension(name)
                              : kernel_.has_table(question->family, name);
    if (!is_there) {
        if (question->of == TableQuestion::Scope::table)
            report_missing("table '" + name + "' (" + question->family + "_tables)");
        return Answer::error(ENOENT);
    }
    const Descriptor socket{descriptor_of(call.process, call.descriptor())};
    if (socket.fd < 0) return Answer::error(EBADF);
    if (::getsockopt(socket.fd, level, option, bytes->data(), &size) != 0) return Answer::error(errno);
    if (!call.waits()) return Answer::error(EINTR);
    const bool written = write_memory(call.process, call.arguments[3], bytes->data(), bytes->size()) &&
                         write_memory(call.process, call.arguments[4], &size, sizeof size);
    return {written ? 0 : -EFAULT};
}

} // namespace disco::border::cell
