#include "runner/border/cell/kernel_parts.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <sys/utsname.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_line_of(const fs::path& file, std::string_view line) {
    std::ifstream in{file};
    for (std::string each; std::getline(in, each);)
        if (each == line) return true;
    return false;
}

} // namespace

/// A file of this process's network namespace, which may be another than that of its parent.
fs::path KernelParts::net(const std::string& file) const { return root_ / "proc/self/net" / file; }

/// It has no modules, or takes none any more.
bool KernelParts::loads_none() const {
    if (!is_there(root_ / "proc/self")) return false; // who knows
    if (!is_there(root_ / "proc/modules")) return true;
    std::string word;
    return std::ifstream{root_ / "proc/sys/kernel/modules_disabled"} >> word && word == "1";
}

/// "kernel/net/netfilter/nf_tables.ko": modules write '-' and '_' as they like.
bool KernelParts::is_built_in(const std::string& name) const {
    struct utsname kernel = {};
    if (::uname(&kernel) != 0) return false;
    std::ifstream list{root_ / "lib/modules" / kernel.release / "modules.builtin"};
    for (std::string path; std::getline(list, path);) {
        std::string file = path.substr(path.rfind('/') + 1);
        std::replace(file.begin(), file.end(), '-', '_');
        if (file == name + ".ko") return true;
    }
    return false;
}

bool KernelParts::has_module(const std::string& name) const {
    return !name.empty() && name.find('/') == std::string::npos &&
           (loads_none() || is_there(root_ / "sys/module" / name) || is_built_in(name));
}

bool KernelParts::has_netlink(int protocol) const {
    std::ifstream sockets{net("netlink")};
    std::string line;
    std::getline(sockets, line); // the heading: "sk Eth Pid …"; the kernel's own have the number 0
    while (std::getline(sockets, line)) {
        std::istringstream words{line};
        std::string socket;
        int number = -1, port = -1;
        if (words >> socket >> number >> port && number == protocol && port == 0) return true;
    }
    return false;
}

bool KernelParts::has_ipv6() const { return is_there(net("if_inet6")); }

bool KernelParts::has_table(const std::string& family, std::string_view table) const {
    return is_line_of(net(family + "_tables_names"), table);
}

bool KernelParts::has_extension(const std::string& name) const {
    if (name.empty()) return false;
    for (const char* family : {"ip", "ip6", "arp"})
        for (const char* kind : {"_tables_matches", "_tables_targets"})
            if (is_line_of(net(std::string{family} + kind), name)) return true;
    return has_module("xt_" + name) || has_module("ipt_" + name) || has_module("ip6t_" + name);
}

void report_missing(const std::string& what) {
    static bool reported = false;
    if (std::exchange(reported, true)) return;
    std::fprintf(stderr,
                 "disco: the kernel has no %s by now, so there is nothing to show of it, and a question does "
                 "not make it load any\n",
                 what.c_str());
    std::fflush(stderr);
}

} // namespace disco::border::cell
