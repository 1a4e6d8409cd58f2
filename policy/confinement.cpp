#include "policy/confinement.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <initializer_list>

#include <linux/capability.h>

#include <fmt/format.h>

namespace disco::policy {
namespace {

using model::Profile;

constexpr std::uint64_t bits(std::initializer_list<int> capabilities) {
    std::uint64_t mask = 0;
    for (const int capability : capabilities) mask |= std::uint64_t{1} << capability;
    return mask;
}

/// What installing packages needs of the runtimes' usual set: without NET_RAW and SETPCAP.
constexpr std::uint64_t package_installation =
    bits({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER, CAP_MKNOD, CAP_SETGID, CAP_SETUID, CAP_SETFCAP,
          CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL, CAP_AUDIT_WRITE});

std::uint64_t capabilities_of(Profile profile) {
    switch (profile) {
    case Profile::simulate:
    case Profile::live: return package_installation;
    case Profile::strict: return package_installation & ~bits({CAP_SYS_CHROOT, CAP_NET_BIND_SERVICE});
    case Profile::template_: return bits({CAP_DAC_OVERRIDE}); // it reads, whatever the mode
    case Profile::none: break;
    }
    throw sys::Error{"there is no confinement without a profile"};
}

std::vector<sock_filter> read_filter(const std::filesystem::path& file) {
    const std::string bytes = sys::read_file(file);
    const std::size_t count = bytes.size() / sizeof(sock_filter);
    if (count == 0 || bytes.size() % sizeof(sock_filter) != 0 || count > BPF_MAXINSNS)
        throw sys::Error{fmt::format("'{}' is not a seccomp program: install disco again", file.string())};
    std::vector<sock_filter> filter(count);
    std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(filter.data()));
    return filter;
}

} // namespace

Confinement load_sandbox_confinement(const std::filesystem::path& lib) {
    return {.capabilities = package_installation, .calls = read_filter(lib / "filters/sandbox.bpf")};
}

Confinement load_confinement(Profile profile, const std::filesystem::path& lib) {
    const auto filters = lib / "filters";
    return {.capabilities = capabilities_of(profile),
            .calls = read_filter(filters / fmt::format("{}.bpf", model::to_string(profile)))};
}

} // namespace disco::policy
