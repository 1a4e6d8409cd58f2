#include "runner/border/cell/netlink_requests.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include <linux/genetlink.h>
#include <linux/netlink.h>

namespace disco::border::cell {
namespace {

bool one_of(unsigned value, std::initializer_list<unsigned> values) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// linux/netfilter/nfnetlink.h: a subsystem and its message. Several that get also reset, and are not here.
bool netfilter_asks(unsigned type) {
    if (one_of(type, {16, 17})) return true; // begin and end of a batch, whose messages are looked at, too
    const unsigned subsystem = type >> 8U, message = type & 0xffU;
    switch (subsystem) {
    case 1: return one_of(message, {1, 4, 5, 6, 7});                // connections
    case 2: return one_of(message, {1});                            // expected connections
    case 6: return one_of(message, {1, 7, 8, 11, 12, 13, 14, 15});  // sets of addresses
    case 10: return one_of(message, {1, 4, 7, 10, 13, 16, 19, 23}); // tables, chains, rules, sets …
    case 11: return one_of(message, {0});                           // which extensions there are
    default: return false;
    }
}

bool asks(int protocol, const nlmsghdr& heading, std::string_view payload) {
    const unsigned type = heading.nlmsg_type;
    if (type < NLMSG_MIN_TYPE) return one_of(type, {NLMSG_NOOP, NLMSG_DONE});
    switch (protocol) {
    // Four messages an object: new, delete, get, set (linux/rtnetlink.h).
    case NETLINK_ROUTE: return (type - NLMSG_MIN_TYPE) % 4 == 2;
    case NETLINK_SOCK_DIAG: return one_of(type, {18, 19, 20}); // 21 destroys
    case NETLINK_NETFILTER: return netfilter_asks(type);
    case NETLINK_XFRM: return one_of(type, {0x12, 0x15, 0x23, 0x25});
    case NETLINK_GENERIC: return type == GENL_ID_CTRL && !payload.empty() && payload[0] == CTRL_CMD_GETFAMILY;
    default: return false;
    }
}

} // namespace

std::size_t asking_bytes(int protocol, std::string_view messages) {
    std::size_t at = 0;
    while (messages.size() - at >= sizeof(nlmsghdr)) {
        nlmsghdr heading = {};
        std::memcpy(&heading, messages.data() + at, sizeof heading);
        if (heading.nlmsg_len < sizeof heading || heading.nlmsg_len > messages.size() - at) break;
        const auto payload = messages.substr(at + sizeof heading, heading.nlmsg_len - sizeof heading);
        if (!asks(protocol, heading, payload)) return 0;
        at = std::min<std::size_t>(at + NLMSG_ALIGN(heading.nlmsg_len), messages.size());
    }
    return at;
}

} // namespace disco::border::cell
