#include "runner/sandbox/network_attempts.hpp"

#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>

namespace disco::sandbox {
namespace {

using sys::take_line;
using sys::words_of;

/// What is no number, the kernel has not counted.
std::uint64_t count_in(std::string_view word) { return sys::number_in<std::uint64_t>(word).value_or(0); }

/// "Ip: NAME NAME …" and right below it "Ip: NUMBER NUMBER …".
std::uint64_t counter_in(std::string_view snmp, std::string_view protocol, std::string_view name) {
    while (!snmp.empty()) {
        const auto names = words_of(take_line(snmp)), values = words_of(take_line(snmp));
        if (names.empty() || names[0] != protocol) continue;
        const auto found = std::find(names.begin(), names.end(), name);
        const auto at = static_cast<std::size_t>(found - names.begin());
        return at < values.size() ? count_in(values[at]) : 0;
    }
    return 0;
}

/// "NAME NUMBER".
std::uint64_t counter_in(std::string_view snmp6, std::string_view name) {
    while (!snmp6.empty())
        if (const auto words = words_of(take_line(snmp6)); words.size() == 2 && words[0] == name)
            return count_in(words[1]);
    return 0;
}

} // namespace

NetworkAttempts network_attempts(std::string_view snmp, std::string_view snmp6) {
    return {.others = counter_in(snmp, "Ip:", "OutNoRoutes") + counter_in(snmp, "Udp:", "NoPorts") +
                      counter_in(snmp6, "Ip6OutNoRoutes") + counter_in(snmp6, "Udp6NoPorts"),
            .own = counter_in(snmp, "Tcp:", "AttemptFails")}; // of IPv6, too
}

} // namespace disco::sandbox
