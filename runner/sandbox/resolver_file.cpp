#include "runner/sandbox/resolver_file.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/text_lines.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

namespace disco::sandbox {
namespace {

struct NameServer {
    std::string address;
    bool ipv4 = false;
    bool loopback = false;
};

std::string canonical(int family, const void* address) {
    std::array<char, INET6_ADDRSTRLEN> text = {};
    return ::inet_ntop(family, address, text.data(), text.size());
}

/// The name server of a line; nothing when the line is another one, or holds no address.
std::optional<NameServer> name_server_of(std::string_view line) {
    // The keyword must begin the line, as in libc.
    if (line.empty() || sys::blanks.find(line[0]) != std::string_view::npos ||
        sys::take_word(line) != "nameserver")
        return std::nullopt;
    const std::string word{sys::take_word(line)};
    struct in_addr v4 = {};
    if (::inet_pton(AF_INET, word.c_str(), &v4) == 1) {
        const auto first = ntohl(v4.s_addr) >> 24; // 0.0.0.0 is this host, too
        return NameServer{canonical(AF_INET, &v4), true, first == IN_LOOPBACKNET || first == 0};
    }
    struct in6_addr v6 = {};
    if (::inet_pton(AF_INET6, word.substr(0, word.find('%')).c_str(), &v6) != 1) return std::nullopt;
    const bool loopback = IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
                          (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == IN_LOOPBACKNET);
    return NameServer{canonical(AF_INET6, &v6), false, loopback};
}

} // namespace

ResolverFile make_resolver_file(std::string_view host, const std::string& forwarder,
                                const std::function<bool(const std::string&)>& is_own) {
    ResolverFile file;
    bool seen_ipv4 = false;
    for (const std::string_view line : sys::lines_of(host)) {
        const auto server = name_server_of(line);
        if (!server || (!server->loopback && !is_own(server->address))) {
            file.text.append(line).append("\n");
        } else if (server->ipv4 && !seen_ipv4) {
            file.text.append("nameserver ").append(forwarder).append("\n");
            file.forwarded = true;
        }
        seen_ipv4 = seen_ipv4 || (server && server->ipv4);
    }
    return file;
}

std::set<std::string> host_addresses() {
    struct ifaddrs* list = nullptr;
    sys::check(::getifaddrs(&list), "list the addresses of the host");
    const std::unique_ptr<struct ifaddrs, decltype(&::freeifaddrs)> owner{list, ::freeifaddrs};
    std::set<std::string> addresses;
    for (const struct ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr) continue;
        const auto* address = static_cast<const void*>(entry->ifa_addr);
        if (entry->ifa_addr->sa_family == AF_INET)
            addresses.insert(canonical(AF_INET, &static_cast<const sockaddr_in*>(address)->sin_addr));
        if (entry->ifa_addr->sa_family == AF_INET6)
            addresses.insert(canonical(AF_INET6, &static_cast<const sockaddr_in6*>(address)->sin6_addr));
    }
    return addresses;
}

} // namespace disco::sandbox
