#pragma once

#include "runner/border/cell/generic_families.hpp"
#include "runner/border/cell/kernel_parts.hpp"
#include "runner/border/cell/watched_call.hpp"

#include <string>

namespace disco::border::cell {

/// The sockets by which a question asks the kernel for its network. The supervisor makes them, and everything
/// by them that could do more than ask: the question itself has no right that would let it.
///
/// - socket(2): netlink, and of IPv4 and IPv6 one for ioctl(2), by which nothing can be sent or received.
/// - bind(2): netlink, to no group.
/// - sendto(2), sendmsg(2): netlink, messages that only ask.
/// - ioctl(2): SIOCETHTOOL, commands that only ask.
/// - getsockopt(2): tables of the packet filter of the old kind.
class WatchedSockets {
public:
    enum class Rights {
        none,     ///< as every user asks
        net_admin ///< what only CAP_NET_ADMIN may ask, which none of it is given
    };
    explicit WatchedSockets(Rights rights) : rights_{rights} {}

    [[nodiscard]] Answer make(const WatchedCall& call) const;
    [[nodiscard]] Answer bind(const WatchedCall& call) const;
    /// `bytes`: what is to be sent.
    [[nodiscard]] Answer send(const WatchedCall& call, const std::string& bytes);
    [[nodiscard]] Answer control(const WatchedCall& call) const;
    [[nodiscard]] Answer option(const WatchedCall& call) const;

private:
    Rights rights_;
    KernelParts kernel_;
    GenericFamilies families_;
};

} // namespace disco::border::cell
