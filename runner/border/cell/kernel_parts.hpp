#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace disco::border::cell {

/// What the kernel has by now, as far as it is a part that it loads by itself when it is asked for: a
/// question makes it load none, as what the kernel has would be another afterwards. All are of the network
/// namespace that the calling process is in. What cannot be known is not there.
class KernelParts {
public:
    /// `root`: where /proc, /sys and /lib/modules are.
    explicit KernelParts(std::filesystem::path root = "/") : root_{std::move(root)} {}

    /// A module, loaded or built in; any one, of a kernel that can load none.
    [[nodiscard]] bool has_module(const std::string& name) const;
    /// A protocol of netlink(7).
    [[nodiscard]] bool has_netlink(int protocol) const;
    /// IPv6.
    [[nodiscard]] bool has_ipv6() const;
    /// A table of the packet filter of the old kind: "filter" of "ip" or "ip6". To ask for one that is not
    /// there makes it.
    [[nodiscard]] bool has_table(const std::string& family, std::string_view table) const;
    /// An extension (match or target) of the packet filter.
    [[nodiscard]] bool has_extension(const std::string& name) const;

private:
    [[nodiscard]] std::filesystem::path net(const std::string& file) const;
    [[nodiscard]] bool loads_none() const;
    [[nodiscard]] bool is_built_in(const std::string& name) const;
    std::filesystem::path root_;
};

/// Says on standard error, once, that the kernel does not have this part.
void report_missing(const std::string& what);

} // namespace disco::border::cell
