#include "policy/seccomp_program.hpp"

#include "policy/call_filter.hpp"
#include "policy/exec_call.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace disco::policy {
namespace {

/// With these PID 1 builds the view and confines programs.
constexpr std::array<std::string_view, 12> set_up = {"mount",
                                                     "umount2",
                                                     "pivot_root",
                                                     "move_mount",
                                                     "open_tree",
                                                     "mount_setattr",
                                                     "unshare",
                                                     "setns",
                                                     "seccomp",
                                                     "landlock_create_ruleset",
                                                     "landlock_add_rule",
                                                     "landlock_restrict_self"};

using ArgumentRule = CallVerdict::ArgumentRule;

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW, refuse = SECCOMP_RET_ERRNO | EPERM;
// clone3(2) passes its flags in memory, where a filter cannot look: ENOSYS makes libc use clone(2). The same
// goes for socketcall(2) of 32-bit programs, and for calls that no list knows.
constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;

/// Calls whose arguments decide.
std::map<std::string_view, CallVerdict> argument_rules() {
    constexpr std::uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                         CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    // The limit of core dumps is PID 1's to set: at 1 the machine's handler (core_pattern with '|') is not
    // called, at anything else it is, by a crash in here. Nothing is ever dumped, so whoever sets another one
    // may think that they have.
    constexpr std::uint32_t pretend = SECCOMP_RET_ERRNO | 0, all_bits = 0xffffffff;
    const CallVerdict set_limit = {allow,
                                   {ArgumentRule{0, ArgumentRule::Test::equals_any, {RLIMIT_CORE}, pretend}}};
    return {
        {"setrlimit", set_limit},
        {"prlimit64",
         {allow,
          {ArgumentRule{1, ArgumentRule::Test::differs, {RLIMIT_CORE}, allow},
           ArgumentRule{2, ArgumentRule::Test::has_any_bit, {all_bits}, pretend},
           ArgumentRule{2, ArgumentRule::Test::has_any_bit, {all_bits}, pretend, ArgumentRule::Half::high}}}},
        {"clone", {allow, {ArgumentRule{0, ArgumentRule::Test::has_any_bit, {namespaces}, refuse}}}},
        // Input for other terminals.
        {"ioctl",
         {allow, {ArgumentRule{1, ArgumentRule::Test::equals_any, {TIOCSTI, TIOCLINUX, TIOCSETD}, refuse}}}},
        // The other families reach the kernel's own engines, or other machines round the network namespace.
        // NETLINK_AUDIT reaches the machine's audit log, which is in no namespace: a no-op would leave
        // records of what it has not done. The answer is that of a kernel without audit, with which all
        // programs can live. No other family that is allowed has a protocol of that number.
        {"socket",
         {SECCOMP_RET_ERRNO | EAFNOSUPPORT,
          {ArgumentRule{
               2, ArgumentRule::Test::equals_any, {NETLINK_AUDIT}, SECCOMP_RET_ERRNO | EPROTONOSUPPORT},
           ArgumentRule{
               0, ArgumentRule::Test::equals_any, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, allow}}}},
        {"personality",
         {refuse,
          {ArgumentRule{
              0, ArgumentRule::Test::equals_any, {0x0, 0x8, 0x20000, 0x20008, 0xffffffff}, allow}}}},
    };
}

static_assert((S_IFBLK & S_IFCHR) == S_IFCHR && ((S_IFIFO | S_IFSOCK | S_IFREG | S_IFDIR) & S_IFCHR) == 0);

/// Where the mode that mknod(2) or mknodat(2) is given stands; nothing of another call.
std::optional<unsigned> mode_of_mknod(std::string_view name) {
    if (name == "mknod") return 1;
    if (name == "mknodat") return 2;
    return std::nullopt;
}

std::uint32_t verdict_of(const ProfilePolicy& profile, std::string_view name) {
    const auto rule = profile.calls.find(name);
    if (rule == profile.calls.end()) return unknown;
    switch (rule->second.kind) {
    case CallRule::Kind::allow: return allow;
    case CallRule::Kind::report: return SECCOMP_RET_USER_NOTIF;
    case CallRule::Kind::refuse: return refuse;
    }
    return refuse; // not reached: -Wswitch guards the list
}

/// The mildest of what the profiles say; what one of them reports must get past this program.
std::uint32_t sandbox_verdict(const Profiles& profiles, const AbiTable& abi, std::string_view name) {
    if (abi.native && std::find(set_up.begin(), set_up.end(), name) != set_up.end()) return allow;
    bool refused = false;
    for (const auto& [profile, policy] : profiles) {
        const std::uint32_t verdict = verdict_of(policy, name);
        if (verdict == allow || verdict == SECCOMP_RET_USER_NOTIF) return allow;
        refused = refused || verdict == refuse;
    }
    return refused ? refuse : unknown;
}

/// Guarded commands become the shim. PID 1 passes the token to become a program that the parent has looked
/// at; execve(2) itself knows three arguments.
CallVerdict exec_verdict(bool may_be_unheard) {
    constexpr unsigned token = 5;
    constexpr auto low = static_cast<std::uint32_t>(no_exec_token),
                   high = static_cast<std::uint32_t>(no_exec_token >> 32);
    CallVerdict heard{SECCOMP_RET_USER_NOTIF};
    if (may_be_unheard)
        heard.unless = {{token, ArgumentRule::Test::differs, {low}, SECCOMP_RET_USER_NOTIF},
                        {token, ArgumentRule::Test::equals_any, {high}, allow, ArgumentRule::Half::high}};
    return heard;
}

} // namespace

std::vector<AbiCalls> plan_sandbox_filter(const Profiles& profiles, const CallTable& table) {
    const auto by_argument = argument_rules();
    std::vector<AbiCalls> lists;
    for (const AbiTable& abi : table.abis) {
        AbiCalls& list = lists.emplace_back();
        list.audit_arch = abi.audit_arch;
        list.otherwise = unknown;
        for (const auto& [name, number] : abi.numbers) {
            const std::uint32_t verdict = sandbox_verdict(profiles, abi, name);
            const auto rule = by_argument.find(name);
            list.calls[number] =
                verdict == allow && rule != by_argument.end() ? rule->second : CallVerdict{verdict};
        }
        // x32 shares the native ABI's AUDIT_ARCH.
        constexpr std::uint32_t x32 = 0x40000000; // __X32_SYSCALL_BIT
        if (abi.audit_arch == AUDIT_ARCH_X86_64) list.beyond = {x32, refuse};
    }
    return lists;
}

std::vector<AbiCalls> plan_program_filter(model::Profile profile, const Profiles& profiles,
                                          const CallTable& table) {
    const ProfilePolicy& policy = profiles.at(profile);
    const bool makes_devices = (policy.capabilities >> CAP_MKNOD & 1) != 0;
    std::vector<AbiCalls> lists;
    for (const AbiTable& abi : table.abis) {
        AbiCalls& list = lists.emplace_back();
        list.audit_arch = abi.audit_arch;
        list.otherwise = allow;
        for (const auto& [name, number] : abi.numbers) {
            const std::uint32_t verdict = verdict_of(policy, name);
            const bool exec = name == "execve" || name == "execveat";
            const auto mode = mode_of_mknod(name);
            if (exec && verdict == allow)
                list.calls[number] = exec_verdict(abi.native && name == "execve");
            else if (mode && verdict == allow && makes_devices)
                list.calls[number] = {allow,
                                      {ArgumentRule{*mode,
                                                    ArgumentRule::Test::has_any_bit,
                                                    {S_IFCHR}, // and S_IFBLK's
                                                    SECCOMP_RET_USER_NOTIF}}};
            else if (verdict != sandbox_verdict(profiles, abi, name))
                list.calls[number] = {verdict};
        }
    }
    return lists;
}

std::vector<sock_filter> compile_sandbox_filter(const Profiles& profiles, const CallTable& table) {
    return compile_calls(plan_sandbox_filter(profiles, table), on_other_abis);
}

std::vector<sock_filter> compile_program_filter(model::Profile profile, const Profiles& profiles,
                                                const CallTable& table) {
    return compile_calls(plan_program_filter(profile, profiles, table), on_other_abis);
}

} // namespace disco::policy
