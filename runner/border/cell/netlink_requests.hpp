#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace disco::border::cell {

/// What a question sends to the kernel by netlink(7).
struct NetlinkRequests {
    /// How many of the bytes are messages, if all of them only ask; 0 when one is not known to ask: it is
    /// taken for a change. What follows the last message is none, and not looked at by the kernel either.
    std::size_t bytes = 0;
    // What the kernel would load a module for, if it did not have it:
    std::set<std::string> modules{};
    std::set<std::string> extensions{}; ///< of the packet filter, by their names
    std::set<std::string> families{};   ///< of NETLINK_GENERIC, by their names
};

/// The name of a family of NETLINK_GENERIC, whose messages have this type; empty: there is none.
using FamilyName = std::function<std::string(unsigned type)>;

/// Which ask: of network devices, addresses, routes, rules of the packet filter, sockets, IPsec. Pure but for
/// `family_name`.
[[nodiscard]] NetlinkRequests asking_requests(int protocol, std::string_view messages,
                                              const FamilyName& family_name);

} // namespace disco::border::cell
