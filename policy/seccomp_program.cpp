#include "policy/seccomp_program.hpp"

#include "policy/call_filter.hpp"

#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace disco::policy {
namespace {

using model::Profile;

/// What any program needs: nothing here reaches beyond its own processes, descriptors and files. Names that
/// an architecture does not have are skipped.
constexpr std::string_view ordinary =
    // memory, threads, waiting
    "brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock "
    "munlockall membarrier futex futex_time64 futex_waitv set_robust_list get_robust_list rseq "
    "set_tid_address arch_prctl set_thread_area get_thread_area modify_ldt pkey_alloc pkey_free "
    "pkey_mprotect memfd_create exit exit_group wait4 waitid waitpid restart_syscall sched_yield "
    "sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler sched_getattr "
    "sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 "
    "sched_setparam sched_setscheduler sched_setattr getpriority setpriority nice getcpu ioprio_get "
    "ioprio_set cachestat "
    // programs
    "execve execveat fork vfork prctl getpid getppid gettid getpgid getpgrp getsid setpgid "
    "setsid prlimit64 getrlimit setrlimit ugetrlimit getrusage times capget capset umask uname sysinfo "
    "getrandom alarm pause pidfd_open pidfd_send_signal process_mrelease process_madvise "
    // signals and timers
    "kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigreturn "
    "rt_sigtimedwait rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack sigaction "
    "sigprocmask sigpending sigsuspend sigreturn signal signalfd signalfd4 eventfd eventfd2 "
    "timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
    "timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
    "timerfd_settime64 getitimer setitimer nanosleep clock_nanosleep clock_nanosleep_time64 "
    "clock_gettime clock_gettime64 clock_getres clock_getres_time64 gettimeofday time "
    // descriptors
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek open "
    "openat openat2 creat close close_range dup dup2 dup3 fcntl fcntl64 pipe pipe2 poll ppoll "
    "ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl "
    "epoll_wait epoll_pwait epoll_pwait2 epoll_ctl_old epoll_wait_old flock fsync fdatasync sync "
    "syncfs sync_file_range readahead fadvise64 fadvise64_64 sendfile sendfile64 splice tee vmsplice "
    "copy_file_range inotify_init inotify_init1 inotify_add_watch inotify_rm_watch io_setup io_submit "
    "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
    // files: the mounts decide what can be changed
    "access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx "
    "statfs statfs64 fstatfs fstatfs64 getdents getdents64 getcwd chdir fchdir readlink readlinkat "
    "truncate truncate64 ftruncate ftruncate64 fallocate mkdir mkdirat rmdir unlink unlinkat rename "
    "renameat renameat2 link linkat symlink symlinkat mknod mknodat chmod fchmod fchmodat fchmodat2 "
    "chown chown32 lchown lchown32 fchown fchown32 fchownat utime utimes utimensat utimensat_time64 "
    "futimesat getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr "
    "fsetxattr removexattr lremovexattr fremovexattr name_to_handle_at ustat sysfs "
    // System V and POSIX IPC: of the sandbox's own namespace
    "shmget shmat shmctl shmdt semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv "
    "msgctl ipc mq_open mq_unlink mq_timedsend mq_timedsend_time64 mq_timedreceive "
    "mq_timedreceive_time64 mq_notify mq_getsetattr "
    // sockets: the network namespace decides what they reach
    "socketpair bind listen accept accept4 connect getsockname getpeername getsockopt "
    "setsockopt shutdown send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 "
    // who one is; users other than root are the sandbox's root's to become
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 "
    "getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 "
    "setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid "
    "setfsgid32 setgroups setgroups32 landlock_create_ruleset landlock_add_rule landlock_restrict_self";

/// With these PID 1 builds the view and confines programs; programs get EPERM.
constexpr std::string_view set_up =
    "mount umount2 pivot_root move_mount open_tree mount_setattr unshare setns seccomp";

/// Known, and nobody's business in a sandbox: EPERM tells a program that it may not, where ENOSYS would tell
/// it that the kernel is old.
constexpr std::string_view forbidden =
    // mounts and namespaces: the way out (and set_up)
    "umount fsopen fsconfig fsmount fspick open_by_handle_at quotactl quotactl_fd "
    // the kernel and the machine
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff syslog "
    "acct iopl ioperm sethostname setdomainname settimeofday clock_settime clock_settime64 "
    "clock_adjtime clock_adjtime64 adjtimex stime vhangup nfsservctl lookup_dcookie vm86 vm86old bpf "
    "perf_event_open fanotify_init fanotify_mark userfaultfd "
    // other processes and shared kernel objects
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd add_key request_key keyctl "
    "io_uring_setup io_uring_enter io_uring_register move_pages migrate_pages mbind set_mempolicy "
    "get_mempolicy set_mempolicy_home_node";

std::set<std::string_view> words(std::string_view text) {
    std::set<std::string_view> found;
    while (!text.empty()) {
        const std::size_t end = text.find(' ');
        found.insert(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return found;
}

using Unless = CallVerdict::Unless;

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW, refuse = SECCOMP_RET_ERRNO | EPERM;

/// Calls whose arguments decide.
std::map<std::string_view, CallVerdict> argument_rules() {
    constexpr std::uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                         CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    return {
        {"clone", {allow, Unless{0, Unless::Test::has_any_bit, {namespaces}, refuse}}},
        // Input for other terminals.
        {"ioctl", {allow, Unless{1, Unless::Test::equals_any, {TIOCSTI, TIOCLINUX, TIOCSETD}, refuse}}},
        // The other families reach the kernel's own engines, or other machines round the network namespace.
        {"socket",
         {SECCOMP_RET_ERRNO | EAFNOSUPPORT,
          Unless{0, Unless::Test::equals_any, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, allow}}},
        {"personality",
         {refuse, Unless{0, Unless::Test::equals_any, {0x0, 0x8, 0x20000, 0x20008, 0xffffffff}, allow}}},
    };
}

struct Abi {
    std::uint32_t scmp_arch = 0, audit_arch = 0;
    bool native = false; ///< PID 1's
};

std::vector<Abi> abis() {
#if defined(__x86_64__)
    return {{SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, true}, {SCMP_ARCH_X86, AUDIT_ARCH_I386, false}};
#elif defined(__aarch64__)
    return {{SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, true}};
#else
#error "no list of system calls for this architecture"
#endif
}

/// Calls `use` with number and name of each call that an ABI has. By number: a name may stand for several
/// calls where a multiplexer exists.
template <class Use> void for_each_call(const Abi& abi, Use&& use) {
    constexpr int past_the_last_number = 1024;
    for (int number = 0; number < past_the_last_number; ++number) {
        const std::unique_ptr<char, decltype(&std::free)> name{
            seccomp_syscall_resolve_num_arch(abi.scmp_arch, number), &std::free};
        if (name) use(static_cast<std::uint32_t>(number), std::string_view{name.get()});
    }
}

/// What the profile refuses of what the sandbox allows.
std::set<std::string_view> refused_by(Profile profile) {
    std::set<std::string_view> refused = words(set_up);
    // Without mounts, chroot(2) leads only deeper; package tools use it. Templates and strict scripts need
    // none.
    if (profile != Profile::simulate && profile != Profile::live) refused.insert("chroot");
    return refused;
}

} // namespace

std::vector<sock_filter> compile_sandbox_filter() {
    const std::set<std::string_view> allowed = words(ordinary), building = words(set_up),
                                     forbidden_ones = words(forbidden);
    const auto by_argument = argument_rules();
    std::vector<AbiCalls> lists;
    for (const Abi& abi : abis()) {
        AbiCalls& list = lists.emplace_back();
        list.audit_arch = abi.audit_arch;
        // clone3(2) passes its flags in memory, where a filter cannot look: ENOSYS makes libc use clone(2).
        // The same goes for socketcall(2) of 32-bit programs, and for calls that this list does not know.
        list.otherwise = SECCOMP_RET_ERRNO | ENOSYS;
        for_each_call(abi, [&](std::uint32_t number, std::string_view name) {
            if (const auto rule = by_argument.find(name); rule != by_argument.end())
                list.calls[number] = rule->second;
            else if (allowed.contains(name) || name == "chroot")
                list.calls[number] = {allow};
            else if (building.contains(name))
                list.calls[number] = {abi.native ? allow : refuse};
            else if (forbidden_ones.contains(name))
                list.calls[number] = {refuse};
        });
    }
#if defined(__x86_64__)
    constexpr std::uint32_t x32 = 0x40000000; // __X32_SYSCALL_BIT
    lists.front().beyond = {x32, refuse};
#endif
    return compile_calls(lists, refuse);
}

std::vector<sock_filter> compile_program_filter(Profile profile) {
    const std::set<std::string_view> refused = refused_by(profile);
    std::vector<AbiCalls> lists;
    for (const Abi& abi : abis()) {
        AbiCalls& list = lists.emplace_back();
        list.audit_arch = abi.audit_arch;
        list.otherwise = allow;
        for_each_call(abi, [&](std::uint32_t number, std::string_view name) {
            if (refused.contains(name)) list.calls[number] = {refuse};
        });
    }
    return compile_calls(lists, refuse);
}

} // namespace disco::policy
