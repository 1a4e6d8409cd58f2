#include "runner/border/packet_words.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <arpa/inet.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::border {
namespace {

template <class List> bool holds(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 2> addresses = {"--source", "--destination"};
constexpr std::array<std::string_view, 5> ports = {"--dport", "--sport", "--dports", "--sports", "--ports"};
constexpr std::array<std::string_view, 2> states = {"--state", "--ctstate"};
/// Their words are compared letter by letter by iptables, too.
constexpr std::array<std::string_view, 7> names = {
    "--in-interface", "--out-interface", "--jump", "--goto", "--match", "--comment", "--log-prefix"};

/// protocols(5)
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> protocols = {{{"0", "all"},
                                                                                      {"1", "icmp"},
                                                                                      {"6", "tcp"},
                                                                                      {"17", "udp"},
                                                                                      {"33", "dccp"},
                                                                                      {"47", "gre"},
                                                                                      {"50", "esp"},
                                                                                      {"51", "ah"},
                                                                                      {"58", "ipv6-icmp"},
                                                                                      {"icmpv6", "ipv6-icmp"},
                                                                                      {"132", "sctp"},
                                                                                      {"136", "udplite"}}};

std::string usual_protocol(const std::string& word) {
    std::string lower = sys::lower_case(word);
    for (const auto& [other, usual] : protocols)
        if (lower == other) return std::string{usual};
    return lower;
}

bool is_usual_protocol(std::string_view word) {
    return std::any_of(protocols.begin(), protocols.end(),
                       [&](const auto& one) { return one.second == word; });
}

std::optional<std::uint16_t> port_of(const std::string& word) {
    if (const auto number = sys::number_in<std::uint16_t>(word)) return number;
    // Not getservbyname(3): it may ask a server.
    const std::string services = sys::read_file_if_exists("/etc/services").value_or("");
    for (std::string_view line : sys::lines_of(services)) {
        line = line.substr(0, line.find('#'));
        const auto words = sys::words_of(line); // "ssh 22/tcp ALIAS…"
        if (words.size() < 2 || std::count(words.begin(), words.end(), word) == 0) continue;
        return sys::number_in<std::uint16_t>(words[1].substr(0, words[1].find('/')));
    }
    return std::nullopt;
}

/// "22", "1024:65535"
std::string usual_port(const std::string& word) {
    const std::size_t colon = word.find(':');
    const std::string low = word.substr(0, colon),
                      high = colon == std::string::npos ? low : word.substr(colon + 1);
    const auto first = low.empty() ? std::optional<std::uint16_t>{0} : port_of(low);
    const auto last = high.empty() ? std::optional<std::uint16_t>{65535} : port_of(high);
    if (!first || !last || word.empty()) return word;
    return *first == *last ? fmt::format("{}", *first) : fmt::format("{}:{}", *first, *last);
}

bool is_usual_port(std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789:") == std::string_view::npos;
}

template <class Change> std::string each_of_list(const std::string& word, bool sorted, Change change) {
    std::vector<std::string> parts;
    for (const std::string_view part : sys::split(word, ',')) parts.push_back(change(std::string{part}));
    if (sorted) std::sort(parts.begin(), parts.end());
    return fmt::format("{}", fmt::join(parts, ","));
}

using Address = std::array<unsigned char, 16>;

/// The bits of a prefix, of "24" or "255.255.255.0"; nothing for a mask with holes.
std::optional<unsigned> prefix_of(const std::string& mask, int family) {
    if (const auto bits = sys::number_in<unsigned>(mask, 0U, family == AF_INET ? 32U : 128U)) return bits;
    Address bytes = {};
    if (::inet_pton(family, mask.c_str(), bytes.data()) != 1) return std::nullopt;
    unsigned bits = 0;
    const unsigned all = family == AF_INET ? 32 : 128;
    const auto is_set = [&](unsigned bit) { return (bytes.at(bit / 8) >> (7 - bit % 8) & 1) != 0; };
    while (bits < all && is_set(bits)) ++bits;
    for (unsigned bit = bits; bit < all; ++bit)
        if (is_set(bit)) return std::nullopt;
    return bits;
}

/// "192.0.2.0/24"; a host has no prefix.
std::optional<std::string> network(const std::string& word) {
    const std::size_t slash = word.find('/');
    const std::string host = word.substr(0, slash);
    const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    const unsigned all = family == AF_INET ? 32 : 128;
    Address bytes = {};
    if (::inet_pton(family, host.c_str(), bytes.data()) != 1) return std::nullopt;
    const auto prefix = slash == std::string::npos ? all : prefix_of(word.substr(slash + 1), family);
    if (!prefix) return std::nullopt;
    for (unsigned bit = *prefix; bit < all; ++bit)
        bytes.at(bit / 8) = static_cast<unsigned char>(bytes.at(bit / 8) & ~(1U << (7 - bit % 8)));
    std::array<char, INET6_ADDRSTRLEN> text = {};
    ::inet_ntop(family, bytes.data(), text.data(), text.size());
    return *prefix == all ? std::string{text.data()} : fmt::format("{}/{}", text.data(), *prefix);
}

} // namespace

std::string usual_word(std::string_view option, const std::string& word) {
    if (option == "--protocol") return usual_protocol(word);
    if (holds(addresses, option)) return network(word).value_or(word);
    if (holds(ports, option)) return each_of_list(word, false, usual_port);
    if (holds(states, option))
        return each_of_list(word, true, [](const std::string& state) { return state; });
    return word;
}

bool mean_different(std::string_view option, std::string_view word, std::string_view other) {
    const auto both = [&](auto is_plain) { return is_plain(word) && is_plain(other); };
    if (option == "--protocol") return both(is_usual_protocol);
    if (holds(addresses, option))
        return both([](std::string_view one) { return network(std::string{one}).has_value(); });
    if (holds(ports, option))
        return both([](std::string_view list) {
            const auto parts = sys::split(list, ',');
            return std::all_of(parts.begin(), parts.end(), is_usual_port);
        });
    return holds(states, option) || holds(names, option);
}

} // namespace disco::border
