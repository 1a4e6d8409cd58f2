#pragma once

#include <cstdint>
#include <string_view>

namespace disco::sandbox {

/// How often something in a network namespace that has a loopback device only has tried in vain to reach …
struct NetworkAttempts {
    /// … another machine: an address without a route, or by UDP a port where nobody listens, which is how a
    /// name is looked up where the resolver is on loopback.
    std::uint64_t others = 0;
    std::uint64_t own = 0; ///< … a service on loopback, by TCP
};

/// From the text of /proc/PID/net/snmp and snmp6. Pure.
[[nodiscard]] NetworkAttempts network_attempts(std::string_view snmp, std::string_view snmp6);

} // namespace disco::sandbox
