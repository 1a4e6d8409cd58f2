// F, by the 32-bit ABIs: i386 by `int 0x80`, which any 64-bit program can use, and x32 by a bit in the
// number. Linked without PIE, so that static memory lies below 4 GiB, where i386 can point to.

#include "tests/payloads/escape/attempt.hpp"
#include "tests/payloads/narrow_calls.hpp"

#include <csignal>
#include <cstdint>
#include <cstring>

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace escape {

#ifdef __x86_64__
namespace {

long i386_call(long number, std::uintptr_t a = 0, std::uintptr_t b = 0, std::uintptr_t c = 0,
               std::uintptr_t d = 0, std::uintptr_t e = 0) {
    long result = 0;
    asm volatile("int $0x80" // clears r8 to r11 on some kernels
                 : "=a"(result)
                 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                 : "memory", "r8", "r9", "r10", "r11");
    const auto value = static_cast<int>(result);
    if (value >= 0 || value < -4095) return value < 0 ? 0 : value;
    errno = -value;
    return -1;
}

std::uintptr_t low(const char* text) {
    static char memory[256]; // in the first 4 GiB
    static std::size_t used = 0;
    const std::size_t size = std::strlen(text) + 1;
    char* const copy = memory + used;
    if (used + size > sizeof memory) return 0;
    std::memcpy(copy, text, size);
    used += size;
    return reinterpret_cast<std::uintptr_t>(copy);
}
std::uintptr_t low_zeros() {
    static char zeros[256];
    return reinterpret_cast<std::uintptr_t>(zeros);
}

// Numbers of i386: asm/unistd_32.h cannot be included beside the 64-bit one.
Verdict i386_mount() {
    return by_refusal(i386_call(21, low("none"), low("/tmp"), low("no-such-type"), 0, 0));
}
Verdict i386_umount() { return by_refusal(i386_call(22, low("/no/such/place"))); }
Verdict i386_umount2() { return by_refusal(i386_call(52, low("/no/such/place"), 0)); }
Verdict i386_ptrace() { return by_result(i386_call(26, PTRACE_TRACEME)); }
Verdict i386_stime() { return by_refusal(i386_call(25, 1)); } // an address that nobody has mapped
Verdict i386_chroot() { return by_refusal(i386_call(61, low("/no/such/place"))); }
Verdict i386_sethostname() { return by_refusal(i386_call(74, 1, 0xffff)); }
Verdict i386_settimeofday() { return by_result(i386_call(79, 0, 0)); }
Verdict i386_reboot() { return by_refusal(i386_call(88, 0, 0, 0, 0)); }
Verdict i386_swapon() { return by_refusal(i386_call(87, low("/no/such/file"), 0)); }
Verdict i386_socketcall() {
    static std::uint32_t arguments[3] = {38, 5, 0}; // AF_ALG, SOCK_SEQPACKET
    const Verdict verdict = by_result(i386_call(102, 1, reinterpret_cast<std::uintptr_t>(arguments)));
    return verdict.escaped ? verdict : held(verdict.how);
}
/// A family that the filter would allow: that the call as such gets through is what counts.
Verdict i386_socketcall_at_all() {
    static std::uint32_t arguments[3] = {1, 1, 0}; // AF_UNIX, SOCK_STREAM
    return by_result(i386_call(102, 1, reinterpret_cast<std::uintptr_t>(arguments)));
}
Verdict i386_socket_alg() { return by_result(i386_call(359, 38, 5, 0)); }
Verdict i386_syslog() { return by_refusal(i386_call(103, 8, 0, 99)); }
Verdict i386_iopl() { return by_result(i386_call(110, 3)); }
Verdict i386_clone_user() {
    const long child = i386_call(120, CLONE_NEWUSER | SIGCHLD);
    if (child == 0) ::_exit(0);
    return by_result(child);
}
Verdict i386_init_module() { return by_refusal(i386_call(128, 0, 0, low(""))); }
Verdict i386_personality() { return by_result(i386_call(136, 0x0040000)); }
Verdict i386_pivot_root() { return by_refusal(i386_call(217, low("/tmp"), low("/no/such/place"))); }
Verdict i386_clock_settime() { return by_refusal(i386_call(264, 0, 1)); }
Verdict i386_kexec_load() { return by_refusal(i386_call(283, 0, 0, 0, 0xffff)); }
Verdict i386_add_key() { return by_refusal(i386_call(286, 1, 1, 1, 1)); }
Verdict i386_keyctl() { return by_result(i386_call(288, 0, static_cast<std::uint32_t>(-4), 0)); } // get @u
Verdict i386_unshare() { return by_result(i386_call(310, CLONE_NEWUSER)); }
/// The kernel reads the handle before it asks for any right: of an inode that there is not, then.
Verdict i386_open_by_handle_at() {
    static std::uint32_t handle[] = {8, 1, 0xfffffffe, 0}; // FILEID_INO32_GEN, two words
    return by_refusal(
        i386_call(342, static_cast<std::uint32_t>(-100), reinterpret_cast<std::uintptr_t>(handle), 0));
}
Verdict i386_setns() { return by_refusal(i386_call(346, static_cast<std::uint32_t>(-1), 0)); }
Verdict i386_process_vm_readv() {
    return by_refusal(i386_call(347, static_cast<std::uintptr_t>(::getpid()), 0, 0, 0, 0));
}
Verdict i386_bpf() { return by_refusal(i386_call(357, 9999, 0, 0)); }
Verdict i386_seccomp() { return by_refusal(i386_call(354, 1, 1UL << 3, 1)); }
Verdict i386_userfaultfd() { return by_result(i386_call(374, 1)); }
Verdict i386_io_uring_setup() { return by_result(i386_call(425, 4, low_zeros())); }
Verdict i386_open_tree() { return by_result(i386_call(428, static_cast<std::uint32_t>(-100), low("/"), 1)); }
Verdict i386_fsopen() { return by_result(i386_call(430, low("tmpfs"), 0)); }
Verdict i386_clone3() { return by_refusal(i386_call(435, 1, 64)); }
Verdict i386_pidfd_getfd() { return by_refusal(i386_call(438, static_cast<std::uint32_t>(-1), 0, 0)); }
Verdict i386_tiocsti() { return by_refusal(i386_call(54, 0, 0x5412, 0)); }

constexpr long x32 = 0x40000000;
Verdict x32_call(long number) { return by_refusal(::syscall(number | x32, -1, -1, -1, -1, -1)); }
Verdict x32_getpid() { return x32_call(SYS_getpid); }
Verdict x32_mount() { return x32_call(SYS_mount); }
Verdict x32_reboot() { return x32_call(SYS_reboot); }
Verdict x32_ptrace() { return x32_call(521); }
Verdict x32_kexec_load() { return x32_call(528); }
Verdict x32_setns() { return x32_call(SYS_setns); }

Verdict no_i386() { return absent("calls of i386"); }

} // namespace

Attempts other_abi_attempts() {
    Attempts attempts = {{"i386_mount", i386_mount},
                         {"i386_umount", i386_umount},
                         {"i386_umount2", i386_umount2},
                         {"i386_ptrace", i386_ptrace},
                         {"i386_stime", i386_stime},
                         {"i386_chroot", i386_chroot},
                         {"i386_sethostname", i386_sethostname},
                         {"i386_settimeofday", i386_settimeofday},
                         {"i386_reboot", i386_reboot},
                         {"i386_swapon", i386_swapon},
                         {"i386_socketcall", i386_socketcall},
                         {"i386_socketcall_at_all", i386_socketcall_at_all},
                         {"i386_socket_alg", i386_socket_alg},
                         {"i386_syslog", i386_syslog},
                         {"i386_iopl", i386_iopl},
                         {"i386_clone_user", i386_clone_user},
                         {"i386_init_module", i386_init_module},
                         {"i386_personality", i386_personality},
                         {"i386_pivot_root", i386_pivot_root},
                         {"i386_clock_settime", i386_clock_settime},
                         {"i386_kexec_load", i386_kexec_load},
                         {"i386_add_key", i386_add_key},
                         {"i386_keyctl", i386_keyctl},
                         {"i386_unshare", i386_unshare},
                         {"i386_open_by_handle_at", i386_open_by_handle_at},
                         {"i386_setns", i386_setns},
                         {"i386_process_vm_readv", i386_process_vm_readv},
                         {"i386_bpf", i386_bpf},
                         {"i386_seccomp", i386_seccomp},
                         {"i386_userfaultfd", i386_userfaultfd},
                         {"i386_io_uring_setup", i386_io_uring_setup},
                         {"i386_open_tree", i386_open_tree},
                         {"i386_fsopen", i386_fsopen},
                         {"i386_clone3", i386_clone3},
                         {"i386_pidfd_getfd", i386_pidfd_getfd},
                         {"i386_tiocsti", i386_tiocsti},
                         {"x32_getpid", x32_getpid},
                         {"x32_mount", x32_mount},
                         {"x32_reboot", x32_reboot},
                         {"x32_ptrace", x32_ptrace},
                         {"x32_kexec_load", x32_kexec_load},
                         {"x32_setns", x32_setns}};
    if (!disco::tests::kernel_has_narrow_calls())
        for (Attempt& attempt : attempts)
            if (std::strncmp(attempt.name, "i386_", 5) == 0) attempt.make = no_i386;
    return attempts;
}

#else
Attempts other_abi_attempts() { return {}; }
#endif

} // namespace escape
