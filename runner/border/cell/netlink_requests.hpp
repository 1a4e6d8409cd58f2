#pragma once

#include <cstddef>
#include <string_view>

namespace disco::border::cell {

/// How many of the bytes are messages (netlink(7)) for the kernel's `protocol`, if all of them only ask: of
/// network devices, addresses, routes, rules of the packet filter, sockets, IPsec. 0 when one is not known to
/// ask: it is taken for a change. What follows the last message is none, and not looked at by the kernel
/// either. Pure.
[[nodiscard]] std::size_t asking_bytes(int protocol, std::string_view messages);

} // namespace disco::border::cell
