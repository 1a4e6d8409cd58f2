// The shipped profiles as they are compiled on arm64, for its own and for 32-bit programs. The filters are
// evaluated, so that this is tested on any machine; the numbers are those of the kernel's headers, written
// out.

#include "policy/libseccomp_table.hpp"
#include "policy/policy_store.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/call_answer.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <linux/audit.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using model::Profile;
using tests::allowed, tests::reported;

constexpr std::uint32_t wide = AUDIT_ARCH_AARCH64, narrow = AUDIT_ARCH_ARM;
constexpr std::uint64_t high_bits = std::uint64_t{1} << 32;
using Numbers = std::map<std::string, std::uint32_t>;

/// The shipped profiles, compiled for an architecture.
struct Compiled {
    CallTable table;
    Confinement sandbox;
    std::map<Profile, Confinement> programs;
};

Compiled compile_for(Architecture architecture) {
    Compiled compiled{libseccomp_call_table(architecture), {}, {}};
    const Profiles profiles = read_profiles(
        [](const std::string& name) -> ProfileText {
            const auto file = tests::source_tree() / "policy/profiles" / (name + ".json");
            return {sys::read_file(file), file.string()};
        },
        compiled.table);
    compiled.sandbox = confine_sandbox_by(profiles, compiled.table);
    for (const Profile profile : all_profiles)
        compiled.programs.emplace(profile, confine_program_by(profile, profiles, compiled.table));
    return compiled;
}

const Compiled& arm64() {
    static const Compiled compiled = compile_for(Architecture::aarch64);
    return compiled;
}

int answer(Profile profile, std::uint32_t arch, std::uint32_t call,
           const std::vector<std::uint64_t>& arguments = {}) {
    return tests::answer_under(arm64().sandbox, arm64().programs.at(profile), arch, call, arguments);
}

class Arm64Profile : public testing::TestWithParam<Profile> {
protected:
    static void expect(int what, std::uint32_t arch, const Numbers& calls) {
        for (const auto& [name, number] : calls) EXPECT_EQ(answer(GetParam(), arch, number), what) << name;
    }
};

TEST_P(Arm64Profile, LetsTheParentHearOfEveryExec) {
    expect(reported, wide, {{"execve", 221}, {"execveat", 281}});
    expect(reported, narrow, {{"execve", 11}, {"execveat", 387}});
}

TEST_P(Arm64Profile, LetsTheParentHearOfDevices) {
    constexpr std::uint64_t device = 020644;
    const int what = GetParam() == Profile::template_ ? allowed : reported;
    EXPECT_EQ(answer(GetParam(), wide, 33, {0, 0, device}), what);    // mknodat
    EXPECT_EQ(answer(GetParam(), narrow, 324, {0, 0, device}), what); // the same
    EXPECT_EQ(answer(GetParam(), narrow, 14, {0, device}), what);     // mknod
}

TEST_P(Arm64Profile, AllowsOrdinaryWork) {
    expect(allowed, wide,
           {{"read", 63},
            {"write", 64},
            {"openat", 56},
            {"mmap", 222},
            {"unlinkat", 35},
            {"renameat2", 276},
            {"fchownat", 54},
            {"setxattr", 5},
            {"kill", 129},
            {"wait4", 260},
            {"statx", 291},
            {"newfstatat", 79},
            {"getrandom", 278},
            {"mknodat", 33},
            {"exit_group", 94}});
    expect(allowed, narrow,
           {{"fork", 2},
            {"read", 3},
            {"write", 4},
            {"open", 5},
            {"mmap2", 192},
            {"arm_fadvise64_64", 270},
            {"openat", 322},
            {"arm_sync_file_range", 341},
            {"cacheflush", 0x0f0002},
            {"set_tls", 0x0f0005}});
}

TEST_P(Arm64Profile, ReportsWhatAReaderShouldKnow) {
    expect(reported, wide,
           {{"umount2", 39},        {"mount", 40},          {"pivot_root", 41},  {"quotactl", 60},
            {"acct", 89},           {"unshare", 97},        {"kexec_load", 104}, {"init_module", 105},
            {"delete_module", 106}, {"clock_settime", 112}, {"reboot", 142},     {"sethostname", 161},
            {"setdomainname", 162}, {"settimeofday", 170},  {"swapon", 224},     {"swapoff", 225},
            {"setns", 268},         {"finit_module", 273},  {"bpf", 280},        {"kexec_file_load", 294},
            {"move_mount", 429},    {"quotactl_fd", 443}});
    expect(reported, narrow,
           {{"mount", 21},
            {"umount2", 52},
            {"sethostname", 74},
            {"settimeofday", 79},
            {"reboot", 88},
            {"init_module", 128},
            {"pivot_root", 218},
            {"clock_settime", 262},
            {"unshare", 337},
            {"kexec_load", 347},
            {"setns", 375},
            {"finit_module", 379},
            {"bpf", 386},
            {"clock_settime64", 404}});
}

TEST_P(Arm64Profile, RefusesWhatReachesBeyondTheSandbox) {
    expect(EPERM, wide,
           {{"vhangup", 58},
            {"syslog", 116},
            {"ptrace", 117},
            {"adjtimex", 171},
            {"add_key", 217},
            {"request_key", 218},
            {"keyctl", 219},
            {"perf_event_open", 241},
            {"fanotify_init", 262},
            {"open_by_handle_at", 265},
            {"clock_adjtime", 266},
            {"process_vm_readv", 270},
            {"process_vm_writev", 271},
            {"kcmp", 272},
            {"seccomp", 277},
            {"userfaultfd", 282},
            {"io_uring_setup", 425},
            {"open_tree", 428},
            {"fsopen", 430},
            {"pidfd_getfd", 438},
            {"mount_setattr", 442}});
    expect(EPERM, narrow,
           {{"ptrace", 26},
            {"syslog", 103},
            {"add_key", 309},
            {"keyctl", 311},
            {"process_vm_readv", 376},
            {"seccomp", 383},
            {"io_uring_setup", 425}});
}

TEST_P(Arm64Profile, DoesNotKnowNewCalls) {
    // libc then uses clone, whose flags can be seen.
    expect(ENOSYS, wide, {{"clone3", 435}, {"new", 900}, {"read with the bit of x32", 0x40000000 + 63}});
    expect(ENOSYS, narrow,
           {{"clone3", 435}, {"new", 900}, {"breakpoint", 0x0f0001}, {"past the last", 0x0f0007}});
}

TEST_P(Arm64Profile, RefusesEveryCallOfOtherArchitectures) {
    for (const std::uint32_t arch : std::initializer_list<std::uint32_t>{
             AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARMEB, AUDIT_ARCH_RISCV64, 0U, ~0U})
        for (std::uint32_t number = 0; number < 512; ++number)
            ASSERT_EQ(answer(GetParam(), arch, number), EPERM) << arch << ' ' << number;
}

TEST_P(Arm64Profile, MakesNoNamespaceByClone) {
    for (const auto& [arch, clone] : {std::pair{wide, 220U}, {narrow, 120U}}) {
        EXPECT_EQ(answer(GetParam(), arch, clone, {SIGCHLD}), allowed);
        EXPECT_EQ(answer(GetParam(), arch, clone, {CLONE_VM | CLONE_FS | CLONE_THREAD | CLONE_SIGHAND}),
                  allowed);
        for (const std::uint64_t flag : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                                         CLONE_NEWUTS, CLONE_NEWCGROUP})
            for (const std::uint64_t high : {std::uint64_t{0}, high_bits})
                EXPECT_EQ(answer(GetParam(), arch, clone, {flag | SIGCHLD | high}), EPERM)
                    << arch << ' ' << flag;
    }
}

TEST_P(Arm64Profile, LooksAtTheArgumentsThatDecide) {
    for (const auto& [arch, ioctl] : {std::pair{wide, 29U}, {narrow, 54U}}) {
        for (const std::uint64_t command : {TIOCSTI, TIOCLINUX, TIOCSETD})
            EXPECT_EQ(answer(GetParam(), arch, ioctl, {0, command + high_bits}), EPERM) << command;
        EXPECT_EQ(answer(GetParam(), arch, ioctl, {0, TIOCGWINSZ}), allowed);
    }
    for (const auto& [arch, socket] : {std::pair{wide, 198U}, {narrow, 281U}}) {
        EXPECT_EQ(answer(GetParam(), arch, socket, {AF_ALG + high_bits, SOCK_SEQPACKET, 0}), EAFNOSUPPORT);
        EXPECT_EQ(answer(GetParam(), arch, socket, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}), EPROTONOSUPPORT);
        EXPECT_EQ(answer(GetParam(), arch, socket, {AF_INET, SOCK_STREAM, 0}), allowed);
    }
    for (const auto& [arch, personality] : {std::pair{wide, 92U}, {narrow, 136U}}) {
        EXPECT_EQ(answer(GetParam(), arch, personality, {0x400000 /* READ_IMPLIES_EXEC */}), EPERM);
        EXPECT_EQ(answer(GetParam(), arch, personality, {8 /* PER_LINUX32 */}), allowed);
    }
}

/// A profile speaks of names: what it says holds on each architecture alike.
TEST_P(Arm64Profile, AnswersACallAsX86Does) {
    static const Compiled x86 = compile_for(Architecture::x86_64);
    std::size_t compared = 0;
    for (std::size_t abi = 0; abi < arm64().table.abis.size(); ++abi) {
        const AbiTable &here = arm64().table.abis.at(abi), &there = x86.table.abis.at(abi);
        for (const auto& [name, number] : here.numbers) {
            const auto same = there.numbers.find(name);
            if (same == there.numbers.end()) continue;
            ++compared;
            EXPECT_EQ(
                answer(GetParam(), here.audit_arch, number),
                tests::answer_under(x86.sandbox, x86.programs.at(GetParam()), there.audit_arch, same->second))
                << here.name << ' ' << name;
        }
    }
    EXPECT_GT(compared, 500U);
}

INSTANTIATE_TEST_SUITE_P(Seccomp, Arm64Profile, testing::ValuesIn(all_profiles),
                         [](const auto& row) { return std::string{model::to_string(row.param)}; });

TEST(Arm64Profiles, DifferInChroot) {
    for (const auto& [arch, chroot] : {std::pair{wide, 51U}, {narrow, 61U}}) {
        EXPECT_EQ(answer(Profile::template_, arch, chroot), EPERM);
        EXPECT_EQ(answer(Profile::strict, arch, chroot), EPERM);
        EXPECT_EQ(answer(Profile::simulate, arch, chroot), allowed);
        EXPECT_EQ(answer(Profile::live, arch, chroot), allowed);
    }
}

TEST(Arm64SandboxFilter, LetsPid1BuildTheViewByItsOwnAbiAlone) {
    const auto may = [](std::uint32_t arch, std::uint32_t number) {
        return tests::pid1_may(arm64().sandbox, arch, number);
    };
    for (const std::uint32_t call :
         {39U /* umount2 */, 40U /* mount */, 41U /* pivot_root */, 97U /* unshare */, 268U /* setns */,
          277U /* seccomp */, 428U /* open_tree */, 429U /* move_mount */, 442U /* mount_setattr */})
        EXPECT_TRUE(may(wide, call)) << call;
    for (const std::uint32_t call : {117U /* ptrace */, 219U /* keyctl */, 265U /* open_by_handle_at */})
        EXPECT_FALSE(may(wide, call)) << call;
    for (const std::uint32_t call : {26U /* ptrace */, 383U /* seccomp */, 428U /* open_tree */})
        EXPECT_FALSE(may(narrow, call)) << call;
}

TEST(Arm64CallTable, IsReadAsItWasWritten) {
    const CallTable& written = arm64().table;
    const CallTable read = parse_call_table(print_call_table(written), "calls", Architecture::aarch64);
    ASSERT_EQ(read.abis.size(), written.abis.size());
    for (std::size_t abi = 0; abi < read.abis.size(); ++abi) {
        EXPECT_EQ(read.abis[abi].name, written.abis[abi].name);
        EXPECT_EQ(read.abis[abi].numbers, written.abis[abi].numbers);
    }
    EXPECT_EQ(read.elsewhere, written.elsewhere);
    EXPECT_EQ(read.name_of(wide, 40), "mount");
    EXPECT_EQ(read.name_of(narrow, 0x0f0005), "set_tls");
}

TEST(Arm64CallTable, IsNotTakenForThatOfAnotherArchitecture) {
    const std::string text = print_call_table(arm64().table);
    EXPECT_THROW(static_cast<void>(parse_call_table(text, "calls", Architecture::x86_64)), sys::Error);
}

} // namespace
} // namespace disco::policy
