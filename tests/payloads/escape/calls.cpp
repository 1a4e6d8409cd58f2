// F: system calls that reach the kernel, the machine or other processes. Where success would do something,
// the arguments are such that the kernel must object after it has looked whether the caller may.

#include "tests/payloads/escape/attempt.hpp"

#include <array>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <linux/fanotify.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

// Not every architecture has these; -1 is no call.
#ifndef SYS_iopl
#define SYS_iopl (-1)
#define SYS_ioperm (-1)
#endif
#ifndef SYS_uselib
#define SYS_uselib (-1)
#define SYS__sysctl (-1)
#endif

namespace escape {
namespace {

template <class... Arguments> long call(long number, Arguments... arguments) {
    return ::syscall(number, arguments...);
}

Verdict init_module() { return by_refusal(call(SYS_init_module, nullptr, 0, "")); }
Verdict finit_module() { return by_refusal(call(SYS_finit_module, -1, "", 0)); }
Verdict delete_module() { return by_refusal(call(SYS_delete_module, "no_such_module", 0)); }
constexpr unsigned long bad_kexec_flags = 0xffff;
Verdict kexec_load() { return by_refusal(call(SYS_kexec_load, 0, 0, nullptr, bad_kexec_flags)); }
Verdict kexec_file_load() {
    return by_refusal(call(SYS_kexec_file_load, -1, -1, 0, nullptr, bad_kexec_flags));
}
Verdict reboot() { return by_refusal(call(SYS_reboot, 0, 0, 0, nullptr)); } // not the magic numbers
Verdict swapon() { return by_refusal(call(SYS_swapon, "/no/such/file", 0)); }
Verdict swapoff() { return by_refusal(call(SYS_swapoff, "/no/such/file")); }
Verdict acct() { return by_refusal(call(SYS_acct, "/no/such/file")); }
Verdict quotactl() {
    return by_refusal(call(SYS_quotactl, QCMD(Q_GETFMT, USRQUOTA), "/no/such/device", 0, nullptr));
}
Verdict quotactl_fd() { return by_refusal(call(SYS_quotactl_fd, -1, QCMD(Q_GETFMT, USRQUOTA), 0, nullptr)); }

Verdict settimeofday() { return by_result(call(SYS_settimeofday, nullptr, nullptr)); } // sets nothing
Verdict clock_settime() {
    timespec now = {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return by_result(call(SYS_clock_settime, CLOCK_REALTIME, &now));
}
Verdict adjtimex() {
    struct timex clock = {}; // what it is already
    if (call(SYS_adjtimex, &clock) < 0) return held_by_errno();
    clock.modes = ADJ_TICK;
    return by_result(call(SYS_adjtimex, &clock));
}
Verdict clock_adjtime() {
    struct timex clock = {};
    clock.modes = ADJ_STATUS | 0x4000000; // no such mode
    return by_refusal(call(SYS_clock_adjtime, -1, &clock));
}

Verdict sethostname() {
    struct utsname name = {};
    ::uname(&name);
    return by_result(call(SYS_sethostname, name.nodename, std::string{name.nodename}.size()));
}
Verdict setdomainname() {
    struct utsname name = {};
    ::uname(&name);
    return by_result(call(SYS_setdomainname, name.domainname, std::string{name.domainname}.size()));
}
Verdict iopl() { return by_result(call(SYS_iopl, 3)); }
Verdict ioperm() { return by_result(call(SYS_ioperm, 0x80, 1, 1)); }
Verdict vhangup() { return by_result(call(SYS_vhangup)); } // of no terminal
Verdict syslog_read() {
    std::array<char, 64> text{};
    return by_result(call(SYS_syslog, 3, text.data(), text.size()));
}
Verdict syslog_console() { return by_refusal(call(SYS_syslog, 8, nullptr, 99)); } // no such level
Verdict bpf() { return by_refusal(call(SYS_bpf, 9999, nullptr, 0)); }
Verdict perf_event_open() {
    struct perf_event_attr event = {};
    event.type = PERF_TYPE_SOFTWARE;
    event.size = sizeof event;
    event.config = PERF_COUNT_SW_CPU_CLOCK;
    return by_result(call(SYS_perf_event_open, &event, -1, 0, -1, 0));
}
Verdict userfaultfd() { return by_result(call(SYS_userfaultfd, O_CLOEXEC | 1)); } // UFFD_USER_MODE_ONLY
Verdict fanotify_init() { return by_result(call(SYS_fanotify_init, FAN_CLASS_CONTENT, O_RDONLY)); }
Verdict fanotify_mark() {
    return by_refusal(call(SYS_fanotify_mark, -1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "/"));
}

Verdict find_key(int keyring, const char* which) {
    return by_result(call(SYS_keyctl, KEYCTL_SEARCH, keyring, "user", setting(which).c_str(), 0));
}
Verdict user_keyring() { return find_key(KEY_SPEC_USER_KEYRING, "key"); }
Verdict session_keyring() { return find_key(KEY_SPEC_SESSION_KEYRING, "session_key"); }
Verdict key_by_number() {
    std::array<char, 64> value{};
    return by_result(call(SYS_keyctl, KEYCTL_READ, number_setting("key_serial"), value.data(), value.size()));
}
Verdict add_key() {
    return by_refusal(call(SYS_add_key, nullptr, nullptr, nullptr, 0, KEY_SPEC_THREAD_KEYRING));
}
Verdict request_key() {
    return by_result(
        call(SYS_request_key, "user", setting("session_key").c_str(), nullptr, KEY_SPEC_THREAD_KEYRING));
}

Verdict ptrace_init() { return by_result(call(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0)); }
Verdict ptrace_me() { return by_result(call(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)); }
Verdict read_memory(pid_t pid) {
    char here = 'x', byte = 0;
    struct iovec local = {&byte, 1}, remote = {&here, 1};
    return by_refusal(call(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0));
}
Verdict read_memory_of_init() { return read_memory(1); }
Verdict read_memory_of_self() { return read_memory(::getpid()); }
/// At an address that nobody has mapped.
Verdict write_memory_of_init() {
    char byte = 0;
    struct iovec local = {&byte, 1}, remote = {reinterpret_cast<void*>(8), 1};
    return by_refusal(call(SYS_process_vm_writev, 1, &local, 1, &remote, 1, 0));
}
Verdict kcmp() { return by_result(call(SYS_kcmp, ::getpid(), ::getpid(), 0, 0, 0)); }
Verdict move_pages() { return by_result(call(SYS_move_pages, 0, 0, nullptr, nullptr, nullptr, 0)); }
Verdict migrate_pages() { return by_refusal(call(SYS_migrate_pages, 0, 64, nullptr, nullptr)); }
Verdict mbind() { return by_refusal(call(SYS_mbind, 0, 4096, 0, nullptr, 0, 0)); }
Verdict set_mempolicy() { return by_result(call(SYS_set_mempolicy, 0, nullptr, 0)); }

Verdict io_uring_setup() {
    std::array<std::uint32_t, 40> parameters{};
    return by_result(call(SYS_io_uring_setup, 4, parameters.data()));
}
Verdict io_uring_enter() { return by_refusal(call(SYS_io_uring_enter, -1, 0, 0, 0, nullptr, 0)); }
Verdict io_uring_register() { return by_refusal(call(SYS_io_uring_register, -1, 0, nullptr, 0)); }
/// They count for the whole machine.
Verdict asynchronous_io() {
    unsigned long context = 0;
    return by_result(call(SYS_io_setup, 1, &context));
}
Verdict personality() { return by_result(call(SYS_personality, 0x0040000)); }      // ADDR_NO_RANDOMIZE
Verdict personality_exec() { return by_result(call(SYS_personality, 0x0400000)); } // READ_IMPLIES_EXEC

/// Whoever takes the notifications answers the calls of others.
Verdict new_listener() {
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {1, &allow};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return by_result(call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}
/// By the older call a filter may only be made stricter.
Verdict filter_by_prctl() {
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {1, &allow};
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    return by_refusal(call(SYS_mount, "none", "/tmp", "no-such-type", 0, ""));
}
Verdict bounding_set() { return by_result(::prctl(PR_CAPBSET_DROP, 21, 0, 0, 0)); } // needs CAP_SETPCAP
Verdict change_address_space() { return by_refusal(::prctl(PR_SET_MM, 999, 0, 0, 0)); }
Verdict raise_core_limit() {
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit limit = {};
    ::setrlimit(RLIMIT_CORE, &all); // it may seem to succeed
    ::getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur > 1 ? got_through("raised") : held("it is what it was");
}
Verdict limit_of_canary() {
    struct rlimit limit = {};
    return by_result(
        ::prlimit(static_cast<pid_t>(number_setting("canary_pid")), RLIMIT_NOFILE, nullptr, &limit));
}
/// "All of root's": of this pid namespace only. The snapshot of the machine has the canary's.
Verdict nice_of_root() {
    ::setpriority(PRIO_USER, 0, 7);
    return ::getpriority(PRIO_PROCESS, static_cast<id_t>(number_setting("canary_pid"))) == 7
               ? got_through("the canary's was changed")
               : held("not the canary's");
}
constexpr long old_numbers[] = {SYS_lookup_dcookie, SYS_nfsservctl, SYS_uselib, SYS__sysctl};
Verdict forgotten_calls() {
    std::vector<Verdict> verdicts;
    for (const long number : old_numbers) verdicts.push_back(by_refusal(call(number, 0, 0, 0)));
    return first_escape(verdicts);
}
/// Numbers after the newest one that the filter's library knows.
Verdict newer_calls() {
    std::vector<Verdict> verdicts;
    for (long number = 463; number < 600; ++number)
        verdicts.push_back(by_refusal(call(number, -1, -1, -1, -1, -1, -1)));
    return first_escape(verdicts);
}

} // namespace

Attempts call_attempts() {
    return {{"init_module", init_module},
            {"finit_module", finit_module},
            {"delete_module", delete_module},
            {"kexec_load", kexec_load},
            {"kexec_file_load", kexec_file_load},
            {"reboot", reboot},
            {"swapon", swapon},
            {"swapoff", swapoff},
            {"acct", acct},
            {"quotactl", quotactl},
            {"quotactl_fd", quotactl_fd},
            {"settimeofday", settimeofday},
            {"clock_settime", clock_settime},
            {"adjtimex", adjtimex},
            {"clock_adjtime", clock_adjtime},
            {"sethostname", sethostname},
            {"setdomainname", setdomainname},
            {"iopl", iopl},
            {"ioperm", ioperm},
            {"vhangup", vhangup},
            {"syslog_read", syslog_read},
            {"syslog_console", syslog_console},
            {"bpf", bpf},
            {"perf_event_open", perf_event_open},
            {"userfaultfd", userfaultfd},
            {"fanotify_init", fanotify_init},
            {"fanotify_mark", fanotify_mark},
            {"user_keyring", user_keyring},
            {"session_keyring", session_keyring},
            {"key_by_number", key_by_number},
            {"add_key", add_key},
            {"request_key", request_key},
            {"ptrace_init", ptrace_init},
            {"ptrace_me", ptrace_me},
            {"read_memory_of_init", read_memory_of_init},
            {"read_memory_of_self", read_memory_of_self},
            {"write_memory_of_init", write_memory_of_init},
            {"kcmp", kcmp},
            {"move_pages", move_pages},
            {"migrate_pages", migrate_pages},
            {"mbind", mbind},
            {"set_mempolicy", set_mempolicy},
            {"io_uring_setup", io_uring_setup},
            {"io_uring_enter", io_uring_enter},
            {"io_uring_register", io_uring_register},
            {"asynchronous_io", asynchronous_io},
            {"personality", personality},
            {"personality_exec", personality_exec},
            {"new_listener", new_listener},
            {"filter_by_prctl", filter_by_prctl},
            {"bounding_set", bounding_set},
            {"change_address_space", change_address_space},
            {"raise_core_limit", raise_core_limit},
            {"limit_of_canary", limit_of_canary},
            {"nice_of_root", nice_of_root},
            {"forgotten_calls", forgotten_calls},
            {"newer_calls", newer_calls}};
}

} // namespace escape
