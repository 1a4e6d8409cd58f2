#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace disco::sandbox {

/// What /etc/resolv.conf says in a sandbox with network egress.
struct ResolverFile {
    std::string text;
    /// It names the address where the egress program passes questions on to the host's first IPv4 name
    /// server.
    bool forwarded = false;
};

/// Pure. The host's resolv.conf (resolv.conf(5)) for a sandbox that reaches other machines, but none of the
/// host's own addresses. `is_own` says whether an address is one of the host's (loopback always is). If the
/// first IPv4 name server is at such an address, as systemd-resolved's 127.0.0.53, it becomes `forwarder`:
/// the egress programs know this one only. Other name servers at the host's own addresses are left out. All
/// else is kept as it is.
[[nodiscard]] ResolverFile make_resolver_file(std::string_view host, const std::string& forwarder,
                                              const std::function<bool(const std::string&)>& is_own);

/// The addresses of the host's interfaces, IPv4 and IPv6, as inet_ntop(3) writes them. Throws SysError.
[[nodiscard]] std::set<std::string> host_addresses();

} // namespace disco::sandbox
