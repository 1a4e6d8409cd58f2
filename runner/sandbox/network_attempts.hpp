#pragma once

#include <cstdint>
#include <string_view>

namespace disco::sandbox {

/// How often something in a network namespace has tried to send to where nothing leads: to an address without
/// a route (other machines, in one that has a loopback device only), or by UDP to a port where nobody
/// listens, which is how a name is looked up where the resolver is on loopback. From the text of
/// /proc/PID/net/snmp and snmp6. Pure.
[[nodiscard]] std::uint64_t network_attempts(std::string_view snmp, std::string_view snmp6);

} // namespace disco::sandbox
