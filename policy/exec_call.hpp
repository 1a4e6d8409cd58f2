#pragma once

#include <cstdint>
#include <optional>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

namespace disco::policy {

/// The arguments of execve(2) or execveat(2), as the caller's registers hold them. Addresses are the
/// caller's.
struct ExecCall {
    bool narrow = false;      ///< by the 32-bit ABI
    int directory = AT_FDCWD; ///< what a relative path starts from
    std::uint64_t path = 0, argv = 0, environment = 0;
    std::uint64_t flags = 0; ///< AT_…
};

/// execve and execveat of one ABI by number (asm/unistd.h of its kernel headers).
struct ExecNumbers {
    std::uint32_t audit_arch;
    int execve, execveat;
    bool narrow;
};
inline constexpr ExecNumbers exec_numbers[] = {{AUDIT_ARCH_X86_64, 59, 322, false},
                                               {AUDIT_ARCH_I386, 11, 358, true},
                                               {AUDIT_ARCH_AARCH64, 221, 281, false},
                                               {AUDIT_ARCH_ARM, 11, 387, true}};

/// Stands in a compiled seccomp program for the token (Confinement::exec_token), which is not known then: no
/// call passes with it.
inline constexpr std::uint64_t no_exec_token = 0x9e1f'5c83'd027'b46a;

/// Nothing when the call is another one. Pure.
[[nodiscard]] constexpr std::optional<ExecCall> exec_call(const seccomp_data& data) {
    for (const ExecNumbers& numbers : exec_numbers) {
        if (numbers.audit_arch != data.arch) continue;
        const std::uint64_t mask = numbers.narrow ? 0xffffffff : ~std::uint64_t{0};
        const auto argument = [&](int index) { return data.args[index] & mask; };
        if (data.nr == numbers.execve)
            return ExecCall{numbers.narrow, AT_FDCWD, argument(0), argument(1), argument(2), 0};
        if (data.nr == numbers.execveat)
            return ExecCall{numbers.narrow, static_cast<int>(data.args[0]),
                            argument(1),    argument(2),
                            argument(3),    argument(4)};
    }
    return std::nullopt;
}

} // namespace disco::policy
