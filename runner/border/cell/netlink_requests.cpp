#include "runner/border/cell/netlink_requests.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace disco::border::cell {
namespace {

constexpr unsigned connections = 1, expected_connections = 2, address_sets = 6, tables = 10, extensions = 11;
constexpr unsigned batch_begin = 16, batch_end = 17;
constexpr std::size_t family_heading = 4; // struct nfgenmsg, struct genlmsghdr

bool one_of(unsigned value, std::initializer_list<unsigned> values) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// The text of the first attribute of a kind, behind the family's own heading; empty: there is none.
std::string text_attribute(std::string_view payload, unsigned kind) {
    payload.remove_prefix(std::min(payload.size(), family_heading));
    while (payload.size() >= sizeof(nlattr)) {
        nlattr heading = {};
        std::memcpy(&heading, payload.data(), sizeof heading);
        if (heading.nla_len < sizeof heading || heading.nla_len > payload.size()) return {};
        if ((heading.nla_type & NLA_TYPE_MASK) == kind) {
            const std::string_view text = payload.substr(sizeof heading, heading.nla_len - sizeof heading);
            return std::string{text.substr(0, text.find('\0'))};
        }
        payload.remove_prefix(std::min<std::size_t>(NLA_ALIGN(heading.nla_len), payload.size()));
    }
    return {};
}

/// That has a subsystem (linux/netfilter/nfnetlink.h); empty: none that is asked.
const char* module_of_subsystem(unsigned subsystem) {
    switch (subsystem) {
    case connections:
    case expected_connections: return "nf_conntrack_netlink";
    case address_sets: return "ip_set";
    case tables: return "nf_tables";
    case extensions: return "nft_compat";
    default: return "";
    }
}

/// That shows the sockets of a family and protocol; empty: none that is asked.
const char* module_of_sockets(unsigned family, unsigned protocol) {
    switch (family) {
    case AF_UNIX: return "unix_diag";
    case AF_PACKET: return "af_packet_diag";
    case AF_NETLINK: return "netlink_diag";
    case AF_VSOCK: return "vsock_diag";
    case AF_TIPC: return "tipc_diag";
    case AF_XDP: return "xsk_diag";
    case AF_INET:
    case AF_INET6: break;
    default: return "";
    }
    switch (protocol) {
    case IPPROTO_TCP: return "tcp_diag";
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE: return "udp_diag";
    case IPPROTO_RAW: return "raw_diag";
    case IPPROTO_SCTP: return "sctp_diag";
    case IPPROTO_DCCP: return "dccp_diag";
    default: return "mptcp_diag"; // its number does not fit in there
    }
}

/// linux/netfilter/nfnetlink.h: a subsystem and its message. Several that get also reset, and are not here.
bool netfilter_asks(unsigned type, std::string_view payload, NetlinkRequests& found) {
    if (one_of(type, {batch_begin, batch_end})) { // a batch's messages are looked at, too
        std::uint16_t subsystem = 0;
        if (payload.size() < family_heading) return false;
        std::memcpy(&subsystem, payload.data() + 2, sizeof subsystem);
        found.modules.insert(module_of_subsystem(ntohs(subsystem)));
        return true;
    }
    const unsigned subsystem = type >> 8U, message = type & 0xffU;
    found.modules.insert(module_of_subsystem(subsystem));
    switch (subsystem) {
    case connections: return one_of(message, {1, 4, 5, 6, 7});
    case expected_connections: return one_of(message, {1});
    case address_sets: return one_of(message, {1, 7, 8, 11, 12, 13, 14, 15});
    case tables: return one_of(message, {1, 4, 7, 10, 13, 16, 19, 23}); // tables, chains, rules, sets …
    case extensions: {                                                  // whether there is one
        constexpr unsigned name = 1;
        found.extensions.insert(text_attribute(payload, name));
        return message == 0;
    }
    default: return false;
    }
}

/// linux/sock_diag.h
bool sockets_ask(unsigned type, std::string_view payload, NetlinkRequests& found) {
    constexpr unsigned old_tcp = 18, old_dccp = 19, by_family = 20; // 21 destroys
    if (!one_of(type, {old_tcp, old_dccp, by_family}) || payload.size() < 2) return false;
    const auto byte = [&](std::size_t at) {
        return static_cast<unsigned>(static_cast<unsigned char>(payload[at]));
    };
    found.modules.insert(type == old_tcp    ? "tcp_diag"
                         : type == old_dccp ? "dccp_diag"
                                            : module_of_sockets(byte(0), byte(1)));
    return true;
}

/// Families, and their messages that get (the headers of Linux 6.18). Others are left out: some get keys
/// (SEG6's), and some reset what they get.
bool family_asks(std::string_view family, unsigned message) {
    struct Row {
        std::string_view family;
        std::initializer_list<unsigned> messages;
    };
    static const Row rows[] = {{"ethtool", {1,  2,  4,  6,  7,  9,  11, 13, 15, 17, 19, 21, 23,
                                            25, 28, 29, 31, 32, 33, 34, 36, 38, 39, 41, 42}},
                               {"macsec", {0}},
                               {"l2tp", {4, 8}},
                               {"mptcp_pm", {3, 6}},
                               {"SEG6", {4}},
                               {"ila", {3}},
                               {"IOAM6", {3, 6}},
                               {"fou", {3}},
                               {"wireguard", {0}},
                               {"tcp_metrics", {1}}};
    return std::any_of(std::begin(rows), std::end(rows),
                       [&](const Row& row) { return row.family == family && one_of(message, row.messages); });
}

bool generic_asks(unsigned type, std::string_view payload, const FamilyName& name, NetlinkRequests& found) {
    if (payload.empty()) return false;
    const auto message = static_cast<unsigned char>(payload[0]);
    if (type != GENL_ID_CTRL) return family_asks(name(type), message);
    if (const std::string family = text_attribute(payload, CTRL_ATTR_FAMILY_NAME); !family.empty())
        found.families.insert(family);
    constexpr unsigned get_policy = 10; // CTRL_CMD_GETPOLICY, since Linux 5.7
    return message == CTRL_CMD_GETFAMILY || message == get_policy;
}

/// `ip link show dev X` asks by it whether the kernel knows such messages: it names no device, so there is
/// none to be changed.
bool is_probe(const nlmsghdr& heading, std::string_view payload) {
    return heading.nlmsg_type == RTM_NEWLINK && (heading.nlmsg_flags & NLM_F_CREATE) == 0 &&
           payload.size() == sizeof(ifinfomsg) && payload.find_first_not_of('\0') == std::string_view::npos;
}

bool asks(int protocol, const nlmsghdr& heading, std::string_view payload, const FamilyName& name,
          NetlinkRequests& found) {
    const unsigned type = heading.nlmsg_type;
    if (type < NLMSG_MIN_TYPE) return one_of(type, {NLMSG_NOOP, NLMSG_DONE});
    switch (protocol) {
    // Four messages an object: new, delete, get, set (linux/rtnetlink.h).
    case NETLINK_ROUTE: return (type - NLMSG_MIN_TYPE) % 4 == 2 || is_probe(heading, payload);
    case NETLINK_SOCK_DIAG: return sockets_ask(type, payload, found);
    case NETLINK_NETFILTER: return netfilter_asks(type, payload, found);
    case NETLINK_XFRM: return one_of(type, {0x12, 0x15, 0x23, 0x25});
    case NETLINK_GENERIC: return generic_asks(type, payload, name, found);
    default: return false;
    }
}

} // namespace

NetlinkRequests asking_requests(int protocol, std::string_view messages, const FamilyName& family_name) {
    NetlinkRequests found;
    std::size_t at = 0;
    while (messages.size() - at >= sizeof(nlmsghdr)) {
        nlmsghdr heading = {};
        std::memcpy(&heading, messages.data() + at, sizeof heading);
        if (heading.nlmsg_len < sizeof heading || heading.nlmsg_len > messages.size() - at) break;
        const auto payload = messages.substr(at + sizeof heading, heading.nlmsg_len - sizeof heading);
        if (!asks(protocol, heading, payload, family_name, found)) return {};
        at = std::min<std::size_t>(at + NLMSG_ALIGN(heading.nlmsg_len), messages.size());
    }
    found.bytes = at;
    return found;
}

} // namespace disco::border::cell
