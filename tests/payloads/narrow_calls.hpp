#pragma once

#include <csetjmp>
#include <csignal>
#include <optional>

namespace disco::tests {

/// A call of i386 without arguments, by `int 0x80`: what it returns, a negative errno included. Nothing where
/// the kernel makes a SIGSEGV of it: without CONFIG_IA32_EMULATION, when it was started with
/// ia32_emulation=0, and on another architecture. Makes no process, so that it can be tried where none may be
/// made. Not for several threads.
[[nodiscard]] inline std::optional<long> narrow_call([[maybe_unused]] long number) {
    std::optional<long> result;
#ifdef __x86_64__
    static sigjmp_buf none;
    struct sigaction fault = {}, before = {};
    fault.sa_handler = [](int) { siglongjmp(none, 1); };
    ::sigaction(SIGSEGV, &fault, &before);
    if (sigsetjmp(none, 1) == 0) {
        long call = number;
        asm volatile("int $0x80" : "+a"(call) : : "memory", "r8", "r9", "r10", "r11");
        result = call;
    }
    ::sigaction(SIGSEGV, &before, nullptr);
#endif
    return result;
}

[[nodiscard]] inline bool kernel_has_narrow_calls() {
    constexpr long getpid_of_i386 = 20;
    return narrow_call(getpid_of_i386).has_value();
}

} // namespace disco::tests
