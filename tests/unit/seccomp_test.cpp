// The seccomp programs as they are shipped, tested by evaluating their bytes, never by being killed.

#include "policy/exec_call.hpp"
#include "policy/policy_store.hpp"
#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/call_answer.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using model::Profile;
using tests::allowed, tests::reported;

PolicyStore& shipped() {
    static PolicyStore store{tests::data_directory(), "/nonexistent"};
    return store;
}

int answer(Profile profile, std::uint32_t arch, std::uint32_t call,
           const std::vector<std::uint64_t>& arguments = {}) {
    return tests::answer_under(*shipped().sandbox(), *shipped().program(profile), arch, call, arguments);
}

bool pid1_may(std::uint32_t arch, std::uint32_t call) {
    return tests::pid1_may(*shipped().sandbox(), arch, call);
}

constexpr std::uint32_t native = AUDIT_ARCH_X86_64, i386 = AUDIT_ARCH_I386;
constexpr std::uint64_t high_bits = std::uint64_t{1} << 32;

TEST(SandboxFilter, LetsPid1BuildTheViewAndNoMore) {
    for (const std::uint32_t call : {SYS_mount, SYS_umount2, SYS_pivot_root, SYS_move_mount, SYS_open_tree,
                                     SYS_mount_setattr, SYS_unshare, SYS_setns, SYS_seccomp, SYS_vfork})
        EXPECT_TRUE(pid1_may(native, call)) << call;
    for (const std::uint32_t call : {SYS_keyctl, SYS_ptrace, SYS_fsopen, SYS_open_by_handle_at,
                                     SYS_perf_event_open, SYS_adjtimex, SYS_process_vm_writev})
        EXPECT_FALSE(pid1_may(native, call)) << call;
    EXPECT_FALSE(pid1_may(i386, 26)); // ptrace
}

class EveryProfile : public testing::TestWithParam<Profile> {};

TEST_P(EveryProfile, AllowsOrdinaryWork) {
    for (const std::uint32_t call :
         {SYS_read, SYS_write, SYS_openat, SYS_mmap, SYS_fork, SYS_unlinkat, SYS_renameat2, SYS_fchownat,
          SYS_setxattr, SYS_kill, SYS_wait4, SYS_statx, SYS_getrandom})
        EXPECT_EQ(answer(GetParam(), native, call), allowed) << call;
    EXPECT_EQ(answer(GetParam(), i386, 4), allowed); // write
}

TEST_P(EveryProfile, LetsTheParentHearOfEveryExec) {
    EXPECT_EQ(answer(GetParam(), native, SYS_execve), reported);
    EXPECT_EQ(answer(GetParam(), native, SYS_execveat), reported);
    EXPECT_EQ(answer(GetParam(), i386, 11), reported);
    EXPECT_EQ(answer(GetParam(), i386, 358), reported);
}

TEST_P(EveryProfile, LetsWhoHasTheTokenExecUnheard) {
    const auto with = [](std::uint64_t number) { return std::vector<std::uint64_t>{0, 0, 0, 0, 0, number}; };
    const std::uint64_t token = shipped().program(GetParam())->exec_token;
    EXPECT_EQ(answer(GetParam(), native, SYS_execve, with(token)), allowed);
    for (const std::uint64_t other : {token ^ 1, token ^ high_bits, std::uint64_t{0}, no_exec_token})
        EXPECT_EQ(answer(GetParam(), native, SYS_execve, with(other)), reported) << other;
    EXPECT_EQ(answer(GetParam(), native, SYS_execveat, with(token)), reported);
    EXPECT_EQ(answer(GetParam(), i386, 11, with(token)), reported);
    EXPECT_EQ(answer(GetParam(), i386, 358, with(token)), reported);
}

TEST(ExecToken, IsAnotherOneInEachRun) {
    PolicyStore one{tests::data_directory(), "/nonexistent"}, other{tests::data_directory(), "/nonexistent"};
    EXPECT_NE(one.program(Profile::strict)->exec_token, other.program(Profile::strict)->exec_token);
}

TEST(ExecToken, HasItsPlaceInAProgramsFilterOnly) {
    Confinement sandbox = *shipped().sandbox();
    EXPECT_THROW(set_exec_token(sandbox, 1), sys::Error);
    Confinement twice = *shipped().program(Profile::strict);
    EXPECT_THROW(set_exec_token(twice, 1), sys::Error);
}

TEST_P(EveryProfile, ReportsWhatAReaderShouldKnow) {
    for (const std::uint32_t call :
         {SYS_mount,       SYS_umount2,      SYS_pivot_root,    SYS_move_mount,    SYS_unshare,
          SYS_setns,       SYS_bpf,          SYS_reboot,        SYS_clock_settime, SYS_settimeofday,
          SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,    SYS_kexec_file_load,
          SYS_swapon,      SYS_swapoff,      SYS_sethostname,   SYS_setdomainname, SYS_quotactl,
          SYS_acct})
        EXPECT_EQ(answer(GetParam(), native, call), reported) << call;
    for (const std::uint32_t call :
         {21U /* mount */, 22U /* umount */, 88U /* reboot */, 128U /* init_module */, 310U /* unshare */,
          346U /* setns */, 357U /* bpf */, 25U /* stime */})
        EXPECT_EQ(answer(GetParam(), i386, call), reported) << call;
}

TEST_P(EveryProfile, RefusesWhatReachesBeyondTheSandbox) {
    for (const std::uint32_t call : {SYS_ptrace,
                                     SYS_keyctl,
                                     SYS_add_key,
                                     SYS_io_uring_setup,
                                     SYS_io_setup,
                                     SYS_adjtimex,
                                     SYS_open_by_handle_at,
                                     SYS_seccomp,
                                     SYS_fsopen,
                                     SYS_open_tree,
                                     SYS_mount_setattr,
                                     SYS_process_vm_writev,
                                     SYS_pidfd_getfd,
                                     SYS_userfaultfd,
                                     SYS_perf_event_open,
                                     SYS_fanotify_init,
                                     SYS_iopl,
                                     SYS_ioperm,
                                     SYS_syslog,
                                     SYS_vhangup})
        EXPECT_EQ(answer(GetParam(), native, call), EPERM) << call;
    for (const std::uint32_t call : {26U /* ptrace */, 288U /* keyctl */, 354U /* seccomp */})
        EXPECT_EQ(answer(GetParam(), i386, call), EPERM) << call;
}

TEST_P(EveryProfile, RefusesEveryX32Call) {
    constexpr std::uint32_t x32 = 0x40000000;
    for (const std::uint32_t call : {SYS_read, SYS_openat, SYS_mount, SYS_reboot})
        EXPECT_EQ(answer(GetParam(), native, x32 + call), EPERM) << call;
}

TEST_P(EveryProfile, RefusesOtherArchitectures) {
    EXPECT_EQ(answer(GetParam(), AUDIT_ARCH_AARCH64, 63), EPERM);
}

TEST_P(EveryProfile, DoesNotKnowNewCalls) {
    EXPECT_EQ(answer(GetParam(), native, 900), ENOSYS);
    EXPECT_EQ(answer(GetParam(), native, SYS_clone3),
              ENOSYS);                                // libc then uses clone, whose flags can be seen
    EXPECT_EQ(answer(GetParam(), i386, 102), ENOSYS); // socketcall hides its arguments
}

TEST_P(EveryProfile, MakesNoNamespaceByClone) {
    EXPECT_EQ(answer(GetParam(), native, SYS_clone, {SIGCHLD}), allowed);
    EXPECT_EQ(answer(GetParam(), native, SYS_clone,
                     {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_THREAD | CLONE_SIGHAND}),
              allowed);
    for (const std::uint64_t flag : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                                     CLONE_NEWUTS, CLONE_NEWCGROUP}) {
        EXPECT_EQ(answer(GetParam(), native, SYS_clone, {flag | SIGCHLD}), EPERM) << flag;
        EXPECT_EQ(answer(GetParam(), native, SYS_clone, {flag | SIGCHLD | high_bits}), EPERM) << flag;
        EXPECT_EQ(answer(GetParam(), i386, 120, {flag | SIGCHLD}), EPERM) << flag;
    }
}

TEST_P(EveryProfile, InjectsNoTerminalInput) {
    for (const std::uint64_t command : {TIOCSTI, TIOCLINUX, TIOCSETD})
        for (const std::uint64_t high : {std::uint64_t{0}, high_bits, 5 * high_bits})
            EXPECT_EQ(answer(GetParam(), native, SYS_ioctl, {0, command + high}), EPERM) << command;
    EXPECT_EQ(answer(GetParam(), i386, 54, {0, TIOCSTI}), EPERM);
    for (const std::uint64_t command : std::initializer_list<std::uint64_t>{
             TCGETS, TIOCGWINSZ, FIONREAD, std::uint64_t{TIOCSTI} + 1, std::uint64_t{TIOCSTI} - 1})
        EXPECT_EQ(answer(GetParam(), native, SYS_ioctl, {0, command}), allowed) << command;
}

TEST_P(EveryProfile, OpensOnlyCommonSockets) {
    for (const std::uint64_t family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
        EXPECT_EQ(answer(GetParam(), native, SYS_socket, {family, SOCK_STREAM, 0}), allowed) << family;
    for (const std::uint64_t family : {AF_PACKET, AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_XDP, AF_KEY, AF_UNSPEC})
        for (const std::uint64_t high : {std::uint64_t{0}, high_bits})
            EXPECT_EQ(answer(GetParam(), native, SYS_socket, {family + high, SOCK_RAW, 0}), EAFNOSUPPORT)
                << family;
    EXPECT_EQ(answer(GetParam(), i386, 359, {AF_ALG}), EAFNOSUPPORT);
    // The machine's audit log is in no namespace.
    for (const std::uint64_t high : {std::uint64_t{0}, high_bits}) {
        EXPECT_EQ(answer(GetParam(), native, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT + high}),
                  EPROTONOSUPPORT);
        EXPECT_EQ(answer(GetParam(), native, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE + high}),
                  allowed);
    }
    EXPECT_EQ(answer(GetParam(), i386, 359, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}), EPROTONOSUPPORT);
}

INSTANTIATE_TEST_SUITE_P(Seccomp, EveryProfile,
                         testing::Values(Profile::template_, Profile::strict, Profile::simulate,
                                         Profile::live),
                         [](const auto& row) { return std::string{model::to_string(row.param)}; });

TEST(Profiles, LetTheParentHearOfDevicesOnly) {
    for (const Profile profile : {Profile::strict, Profile::simulate, Profile::live}) {
        for (const std::uint64_t mode : {S_IFCHR | 0644, S_IFBLK | 0600}) {
            EXPECT_EQ(answer(profile, native, SYS_mknod, {0, mode, 0}), reported);
            EXPECT_EQ(answer(profile, native, SYS_mknodat, {0, 0, mode + high_bits, 0}), reported);
            EXPECT_EQ(answer(profile, i386, 14, {0, mode, 0}), reported);
            EXPECT_EQ(answer(profile, i386, 297, {0, 0, mode, 0}), reported);
        }
        for (const std::uint64_t mode : {S_IFREG | 0644, S_IFIFO | 0644, S_IFSOCK | 07777, 0644}) {
            EXPECT_EQ(answer(profile, native, SYS_mknod, {0, mode, 0x103}), allowed);
            EXPECT_EQ(answer(profile, native, SYS_mknodat, {0, S_IFCHR, mode, 0x103}), allowed);
        }
    }
    // Without the right to make them the kernel answers.
    EXPECT_EQ(answer(Profile::template_, native, SYS_mknod, {0, S_IFCHR, 0}), allowed);
}

TEST(Profiles, DifferInChroot) {
    EXPECT_EQ(answer(Profile::template_, native, SYS_chroot), EPERM);
    EXPECT_EQ(answer(Profile::strict, native, SYS_chroot), EPERM);
    EXPECT_EQ(answer(Profile::simulate, native, SYS_chroot), allowed);
    EXPECT_EQ(answer(Profile::live, native, SYS_chroot), allowed);
}

TEST(Profiles, KeepFewCapabilities) {
    const auto lib = tests::data_directory();
    const auto has = [&](Profile profile, int capability) {
        return (shipped().program(profile)->capabilities >> capability & 1) != 0;
    };
    for (const Profile profile : {Profile::template_, Profile::strict, Profile::simulate, Profile::live}) {
        for (const int capability :
             {CAP_SYS_ADMIN, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_SYS_PTRACE,
              CAP_NET_ADMIN, CAP_NET_RAW, CAP_DAC_READ_SEARCH, CAP_LINUX_IMMUTABLE, CAP_BPF, CAP_SETPCAP})
            EXPECT_FALSE(has(profile, capability)) << model::to_string(profile) << ' ' << capability;
        EXPECT_TRUE(has(profile, CAP_DAC_OVERRIDE));
    }
    EXPECT_TRUE(has(Profile::live, CAP_CHOWN));
    EXPECT_FALSE(has(Profile::template_, CAP_CHOWN));
}

} // namespace
} // namespace disco::policy
