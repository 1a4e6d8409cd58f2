#include "policy/seccomp_program.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string_view>

#include <linux/personality.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::policy {
namespace {

using model::Profile;

/// What any program needs: nothing here reaches beyond its own processes, descriptors and files. Names that
/// an architecture does not have are skipped.
constexpr std::string_view ordinary =
    // memory, threads, waiting
    "brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 mlockall munlock munlockall "
    "membarrier "
    "futex futex_time64 futex_waitv set_robust_list get_robust_list rseq set_tid_address arch_prctl "
    "set_thread_area "
    "get_thread_area modify_ldt pkey_alloc pkey_free pkey_mprotect memfd_create exit exit_group wait4 waitid "
    "waitpid "
    "restart_syscall sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler "
    "sched_getattr "
    "sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 "
    "sched_setparam "
    "sched_setscheduler sched_setattr getpriority setpriority nice getcpu ioprio_get ioprio_set cachestat "
    // programs
    "execve execveat fork vfork clone prctl getpid getppid gettid getpgid getpgrp getsid setpgid setsid "
    "prlimit64 getrlimit "
    "setrlimit ugetrlimit getrusage times capget capset umask uname sysinfo getrandom alarm pause pidfd_open "
    "pidfd_send_signal process_mrelease process_madvise "
    // signals and timers
    "kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigreturn rt_sigtimedwait "
    "rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack sigaction sigprocmask sigpending "
    "sigsuspend "
    "sigreturn signal signalfd signalfd4 eventfd eventfd2 timer_create timer_delete timer_getoverrun "
    "timer_gettime "
    "timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 "
    "timerfd_settime "
    "timerfd_settime64 getitimer setitimer nanosleep clock_nanosleep clock_nanosleep_time64 clock_gettime "
    "clock_gettime64 "
    "clock_getres clock_getres_time64 gettimeofday time "
    // descriptors
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek open openat "
    "openat2 creat "
    "close close_range dup dup2 dup3 fcntl fcntl64 pipe pipe2 poll ppoll ppoll_time64 select _newselect "
    "pselect6 "
    "pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 epoll_ctl_old "
    "epoll_wait_old "
    "flock fsync fdatasync sync syncfs sync_file_range readahead fadvise64 fadvise64_64 sendfile sendfile64 "
    "splice tee "
    "vmsplice copy_file_range inotify_init inotify_init1 inotify_add_watch inotify_rm_watch io_setup "
    "io_submit io_cancel "
    "io_destroy io_getevents io_pgetevents io_pgetevents_time64 "
    // files: the mounts decide what can be changed
    "access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64 newfstatat statx statfs "
    "statfs64 fstatfs "
    "fstatfs64 getdents getdents64 getcwd chdir fchdir readlink readlinkat truncate truncate64 ftruncate "
    "ftruncate64 "
    "fallocate mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat "
    "mknod mknodat "
    "chmod fchmod fchmodat fchmodat2 chown chown32 lchown lchown32 fchown fchown32 fchownat utime utimes "
    "utimensat "
    "utimensat_time64 futimesat getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr "
    "lsetxattr fsetxattr "
    "removexattr lremovexattr fremovexattr name_to_handle_at ustat sysfs "
    // System V and POSIX IPC: of the sandbox's own namespace
    "shmget shmat shmctl shmdt semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl "
    "ipc mq_open "
    "mq_unlink mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64 mq_notify "
    "mq_getsetattr "
    // sockets: the network namespace decides what they reach
    "socketpair socketcall bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt "
    "shutdown "
    "send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 "
    // who one is; users other than root are the sandbox's root's to become
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32 getresgid "
    "getresgid32 "
    "getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid "
    "setresuid32 "
    "setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 "
    "landlock_create_ruleset "
    "landlock_add_rule landlock_restrict_self";

/// Known, and nobody's business in a sandbox: EPERM tells a program that it may not, where ENOSYS would tell
/// it that the kernel is old.
constexpr std::string_view forbidden =
    // mounts and namespaces: the way out
    "mount umount umount2 pivot_root fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr "
    "unshare setns "
    "open_by_handle_at quotactl quotactl_fd "
    // the kernel and the machine
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff syslog acct "
    "iopl ioperm "
    "sethostname setdomainname settimeofday clock_settime clock_settime64 clock_adjtime clock_adjtime64 "
    "adjtimex stime "
    "vhangup nfsservctl lookup_dcookie vm86 vm86old bpf perf_event_open fanotify_init fanotify_mark "
    "userfaultfd "
    // other processes and shared kernel objects
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd add_key request_key keyctl io_uring_setup "
    "io_uring_enter "
    "io_uring_register move_pages migrate_pages mbind set_mempolicy get_mempolicy set_mempolicy_home_node "
    "seccomp";

/// Every flag of clone(2) that makes a namespace.
constexpr std::uint64_t namespace_flags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
static_assert(namespace_flags == 0x7E020000);

class Compiler {
public:
    explicit Compiler(Profile profile) : profile_{profile} {
        if (!context_) throw sys::Error{"libseccomp gives no filter context"};
#ifdef __x86_64__
        succeed(seccomp_arch_add(context_.get(), SCMP_ARCH_X86), "add 32-bit x86");
#endif
        succeed(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)),
                "refuse other ABIs");
        succeed(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "ask for a binary tree");
        succeed(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_NNP, 0), "leave no_new_privs alone");
    }

    std::vector<sock_filter> compile() {
        for_each_name(ordinary, [&](int call) { add(SCMP_ACT_ALLOW, call, {}); });
        for_each_name(forbidden, [&](int call) { add(SCMP_ACT_ERRNO(EPERM), call, {}); });
        // Without mounts, chroot(2) leads only deeper; package tools use it. Templates and strict scripts
        // need none.
        const bool roomy = profile_ == Profile::simulate || profile_ == Profile::live;
        for_each_name("chroot",
                      [&](int call) { add(roomy ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), call, {}); });
        guard_clone();
        guard_socket();
        guard_personality();
        guard_ioctl();
        return exported();
    }

private:
    struct Release {
        void operator()(void* context) const { seccomp_release(context); }
    };

    static void succeed(int result, std::string_view attempt) {
        if (result != 0) throw sys::SysError{-result, fmt::format("{} (libseccomp)", attempt)};
    }

    template <class Visit> static void for_each_name(std::string_view names, const Visit& visit) {
        while (!names.empty()) {
            const std::size_t end = names.find(' ');
            const std::string name{names.substr(0, end)};
            names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
            const int call = seccomp_syscall_resolve_name(name.c_str());
            if (call != __NR_SCMP_ERROR && name != "clone" && name != "ioctl") visit(call);
        }
    }

    void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments) {
        const int result = seccomp_rule_add_array(
            context_.get(), action, call, static_cast<unsigned>(arguments.size()), std::data(arguments));
        // EDOM: an architecture has no such call; EACCES: the rule would say what the default says.
        if (result != 0 && result != -EDOM && result != -EACCES)
            throw sys::SysError{-result, fmt::format("add a rule for system call {} (libseccomp)", call)};
    }

    /// clone3(2) passes its flags in memory, where a filter cannot look: ENOSYS makes libc use clone(2).
    void guard_clone() {
        add(SCMP_ACT_ALLOW, SCMP_SYS(clone), {SCMP_A0_64(SCMP_CMP_MASKED_EQ, namespace_flags, 0)});
        add(SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), {});
    }

    /// Families that reach the kernel's own engines or other machines round the network namespace.
    void guard_socket() {
        for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
            add(SCMP_ACT_ALLOW, SCMP_SYS(socket),
                {SCMP_A0_32(SCMP_CMP_EQ, static_cast<std::uint32_t>(family), 0)});
        add(SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), {});
    }

    void guard_personality() {
        for (const std::uint32_t persona : {0x0U, 0x8U, 0x20000U, 0x20008U, 0xffffffffU})
            add(SCMP_ACT_ALLOW, SCMP_SYS(personality), {SCMP_A0_32(SCMP_CMP_EQ, persona, 0)});
        add(SCMP_ACT_ERRNO(EPERM), SCMP_SYS(personality), {});
    }

    /// The kernel takes the command's low 32 bits; a filter that compared all 64 could be walked round.
    void guard_ioctl() {
        constexpr std::array<std::uint32_t, 3> refused = {TIOCSTI, TIOCLINUX, TIOCSETD};
        for (const std::uint32_t command : refused)
            add(SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl),
                {SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0xffffffffU, command)});
        // libseccomp gives the more specific rule the precedence only between equal actions' chains, so what
        // is allowed is stated as its complement.
        add(SCMP_ACT_ALLOW, SCMP_SYS(ioctl),
            {SCMP_A1_32(SCMP_CMP_NE, TIOCSTI, 0), SCMP_A1_32(SCMP_CMP_NE, TIOCLINUX, 0),
             SCMP_A1_32(SCMP_CMP_NE, TIOCSETD, 0)});
    }

    std::vector<sock_filter> exported() {
        const sys::UniqueFd file{::memfd_create("filter", MFD_CLOEXEC)}; // 2.5.4 exports to a descriptor only
        if (!file) throw sys::SysError{errno, "make a file in memory"};
        succeed(seccomp_export_bpf(context_.get(), file.get()), "export the filter");
        sys::check(::lseek(file.get(), 0, SEEK_SET), "rewind the filter");
        const std::string bytes = sys::read_all(file.get(), "filter");
        std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
        std::copy_n(bytes.data(), program.size() * sizeof(sock_filter),
                    reinterpret_cast<char*>(program.data()));
        return program;
    }

    Profile profile_;
    std::unique_ptr<void, Release> context_{seccomp_init(SCMP_ACT_ERRNO(ENOSYS))};
};

} // namespace

std::vector<sock_filter> compile_seccomp_program(Profile profile) { return Compiler{profile}.compile(); }

} // namespace disco::policy
