#include "policy/confine_process.hpp"

#include "policy/landlock.hpp"
#include "policy/walls.hpp"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace disco::policy {
namespace {

/// Drops the capabilities `had` from the bounding set, but for `kept`.
bool bound_capabilities(std::uint64_t had, std::uint64_t kept) noexcept {
    if (!wall_stands(Wall::capabilities)) return true;
    for (unsigned long capability = 0; capability < 64; ++capability) {
        if (((had & ~kept) >> capability & 1) == 0) continue;
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
        if (errno != EINVAL) return false;
        break; // past the last one that this kernel knows
    }
    return true;
}

bool set_capabilities(std::uint64_t kept) noexcept {
    if (!wall_stands(Wall::capabilities)) return true;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return false;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {};
    for (unsigned half = 0; half < 2; ++half) {
        const auto mask = static_cast<__u32>(kept >> (32 * half));
        data[half].permitted = mask;
        data[half].effective = mask;
    }
    return ::syscall(SYS_capset, &header, data) == 0;
}

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/// The descriptor of a listener when `flags` ask for one, else 0; -1 with errno.
int load(const FilterView& filter, unsigned long flags) noexcept {
    if (!wall_stands(Wall::seccomp)) return 0;
    // The kernel only reads the program, though its struct holds a plain pointer.
    const struct sock_fprog program = {filter.length, const_cast<sock_filter*>(filter.instructions)};
    return static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

/// A call that the listener has taken up is not interrupted by signals that do not kill, so that it is not
/// made (and reported) twice. Linux before 5.19 cannot do that.
int load_with_listener(const FilterView& filter) noexcept {
    constexpr unsigned long listen = SECCOMP_FILTER_FLAG_NEW_LISTENER;
    const int listener = load(filter, listen | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    return listener >= 0 || errno != EINVAL ? listener : load(filter, listen);
}

} // namespace

bool confine_sandbox(const ConfinementView& sandbox) noexcept {
    return bound_capabilities(every_capability, sandbox.capabilities) && load(sandbox.calls, 0) == 0;
}

bool confine_to_root() noexcept {
    const int has = wall_stands(Wall::landlock) ? landlock::version() : 0;
    if (has < 2) return true;
    const std::uint64_t files = landlock::using_files(has);
    const int ruleset = landlock::make_ruleset({.files = files}, has);
    if (ruleset < 0 || !landlock::allow_beneath(ruleset, "/", files)) return false;
    // The kernel opens message queues on a mount of its own, which shares its root with this one.
    if (!landlock::allow_beneath(ruleset, "/dev/mqueue", files) && errno != ENOENT) return false;
    if (!landlock::restrict_self(ruleset)) return false;
    ::close(ruleset);
    return true;
}

bool confine_program(const ConfinementView& program, std::uint64_t bounds, int& listener) noexcept {
    listener = -1;
    // no_new_privs first: without CAP_SYS_ADMIN a filter is accepted only with it.
    if (wall_stands(Wall::no_new_privs) && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (!bound_capabilities(bounds, program.capabilities)) return false;
    if (!set_capabilities(program.capabilities)) return false;
    if (!wall_stands(Wall::seccomp)) return true;
    listener = load_with_listener(program.calls);
    return listener >= 0;
}

} // namespace disco::policy
