#pragma once

#include <string>
#include <string_view>

// Words of a rule of iptables(8) that mean the same, as one.
namespace disco::border {

/// The word of an option as it is always written here: numbers for the names of protocols and ports, networks
/// without the bits of hosts, lists in order. What is not understood, such as the name of a host, stays as it
/// is. Names of ports are looked up in services(5).
[[nodiscard]] std::string usual_word(std::string_view option, const std::string& word);

/// Whether two words of the option that usual_word returned, and that differ, cannot mean the same.
[[nodiscard]] bool mean_different(std::string_view option, std::string_view word, std::string_view other);

} // namespace disco::border
