#include "runner/sandbox/network_attempts.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace disco::sandbox {
namespace {

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
}

std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view blanks = " \t";
    std::vector<std::string_view> words;
    while (true) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty()) return words;
        words.push_back(line.substr(0, line.find_first_of(blanks)));
        line.remove_prefix(words.back().size());
    }
}

std::uint64_t number_in(std::string_view word) {
    std::uint64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
}

/// "Ip: NAME NAME …" and right below it "Ip: NUMBER NUMBER …".
std::uint64_t counter_in(std::string_view snmp, std::string_view protocol, std::string_view name) {
    while (!snmp.empty()) {
        const auto names = words_of(take_line(snmp)), values = words_of(take_line(snmp));
        if (names.empty() || names[0] != protocol) continue;
        const auto found = std::find(names.begin(), names.end(), name);
        const auto at = static_cast<std::size_t>(found - names.begin());
        return at < values.size() ? number_in(values[at]) : 0;
    }
    return 0;
}

/// "NAME NUMBER".
std::uint64_t counter_in(std::string_view snmp6, std::string_view name) {
    while (!snmp6.empty())
        if (const auto words = words_of(take_line(snmp6)); words.size() == 2 && words[0] == name)
            return number_in(words[1]);
    return 0;
}

} // namespace

NetworkAttempts network_attempts(std::string_view snmp, std::string_view snmp6) {
    return {.others = counter_in(snmp, "Ip:", "OutNoRoutes") + counter_in(snmp, "Udp:", "NoPorts") +
                      counter_in(snmp6, "Ip6OutNoRoutes") + counter_in(snmp6, "Udp6NoPorts"),
            .own = counter_in(snmp, "Tcp:", "AttemptFails")}; // of IPv6, too
}

} // namespace disco::sandbox
