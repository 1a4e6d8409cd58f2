#include "tests/payloads/cell/attempts.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace disco::tests::cell {
namespace {

bool packet_socket(const std::string&) { return ::socket(AF_PACKET, SOCK_RAW, 0) >= 0; }
/// A request of the kernel's network, and whether it is done.
enum class By { send, message, write, many };
bool ask_netlink(struct nlmsghdr& request, By by) {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (fd < 0) return false;
    iovec part = {&request, request.nlmsg_len};
    mmsghdr messages = {};
    messages.msg_hdr.msg_iov = &part;
    messages.msg_hdr.msg_iovlen = 1;
    const bool sent = by == By::send      ? ::send(fd, &request, request.nlmsg_len, 0) > 0
                      : by == By::message ? ::sendmsg(fd, &messages.msg_hdr, 0) > 0
                      : by == By::write   ? ::dup2(fd, 1) == 1 && ::write(1, &request, request.nlmsg_len) > 0
                                          : ::sendmmsg(fd, &messages, 1, 0) > 0;
    if (!sent) return false;
    alignas(nlmsghdr) std::array<char, 4096> answer = {};
    if (::recv(fd, answer.data(), answer.size(), 0) < 0) return false;
    const auto* heading = reinterpret_cast<const nlmsghdr*>(answer.data());
    const auto* error = reinterpret_cast<const nlmsgerr*>(NLMSG_DATA(heading));
    if (heading->nlmsg_type != NLMSG_ERROR) return true;
    errno = -error->error;
    return error->error == 0;
}
/// Of the loopback device, which is up: nothing changes.
bool set_link_up(By by) {
    struct {
        nlmsghdr heading;
        ifinfomsg link;
    } request = {};
    request.heading = {sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0};
    request.link.ifi_index = 1;
    request.link.ifi_flags = IFF_UP;
    request.link.ifi_change = IFF_UP;
    const int output = ::dup(1);
    const bool done = ask_netlink(request.heading, by);
    const int code = errno;
    ::dup2(output, 1);
    errno = code;
    return done;
}
bool link_by_send(const std::string&) { return set_link_up(By::send); }
bool link_by_message(const std::string&) { return set_link_up(By::message); }
bool link_by_write(const std::string&) { return set_link_up(By::write); }
bool link_by_many(const std::string&) { return set_link_up(By::many); }

int ask_kernel() { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }
/// The flags that it has.
bool interface_flags(const std::string&) {
    const int fd = ask_kernel();
    struct ifreq request = {};
    std::strcpy(request.ifr_name, "lo");
    return fd >= 0 && ::ioctl(fd, SIOCGIFFLAGS, &request) == 0 && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}
/// As it is.
bool interface_feature(const std::string&) {
    const int fd = ask_kernel();
    struct ethtool_value value = {ETHTOOL_GGSO, 0};
    struct ifreq request = {};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (fd < 0 || ::ioctl(fd, SIOCETHTOOL, &request) != 0) return false;
    value.cmd = ETHTOOL_SGSO;
    return ::ioctl(fd, SIOCETHTOOL, &request) == 0;
}
sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
/// To a port where nobody is.
bool datagram(const std::string&) {
    const int fd = ask_kernel();
    const sockaddr_in to = loopback(9);
    return fd >= 0 && ::sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 1;
}
bool datagram_by_message(const std::string&) {
    const int fd = ask_kernel();
    sockaddr_in to = loopback(9);
    char byte = 'x';
    iovec part = {&byte, 1};
    msghdr message = {};
    message.msg_name = &to;
    message.msg_namelen = sizeof to;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    return fd >= 0 && ::sendmsg(fd, &message, 0) == 1;
}
bool datagram_by_connection(const std::string&) {
    const int fd = ask_kernel();
    const sockaddr_in to = loopback(9);
    return fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
           ::syscall(SYS_pwritev2, fd, std::array<iovec, 1>{{{const_cast<char*>("x"), 1}}}.data(), 1, -1L,
                     -1L, 0) == 1;
}
bool datagram_port(const std::string&) {
    const int fd = ask_kernel();
    const sockaddr_in own = loopback(0);
    return fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0;
}
bool raw_socket(const std::string&) { return ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0; }
bool multicast_group(const std::string&) {
    const int fd = ask_kernel();
    struct ip_mreq group = {};
    group.imr_multiaddr.s_addr = htonl(0xe0000064); // 224.0.0.100
    group.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
    return fd >= 0 && ::setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0;
}
/// With nothing that could be rules: it got through when the kernel has looked at it.
bool old_rules(const std::string&) {
    constexpr int replace = 64; // IPT_SO_SET_REPLACE
    const int fd = ::socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    return fd >= 0 && ::setsockopt(fd, IPPROTO_IP, replace, "x", 1) != 0 && errno != EPERM && errno != EACCES;
}

} // namespace

std::vector<Attempt> network_attempts() {
    return {
        {"link_by_send", link_by_send},
        {"link_by_message", link_by_message},
        {"link_by_write", link_by_write},
        {"link_by_many", link_by_many},
        {"interface_flags", interface_flags},
        {"interface_feature", interface_feature},
        {"datagram", datagram},
        {"datagram_by_message", datagram_by_message},
        {"datagram_by_connection", datagram_by_connection},
        {"datagram_port", datagram_port},
        {"raw_socket", raw_socket},
        {"multicast_group", multicast_group},
        {"old_rules", old_rules},
        {"packet_socket", packet_socket},
    };
}

} // namespace disco::tests::cell
