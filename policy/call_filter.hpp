#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// What becomes of one system call. Verdicts are SECCOMP_RET_… of seccomp(2).
struct CallVerdict {
    std::uint32_t verdict = 0;
    /// Another verdict when an argument passes a test; the first test that is passed counts. Only the low 32
    /// bits of the argument are compared: the kernel takes an int, and a filter that compared all 64 could be
    /// walked round. A pointer is looked at half by half.
    struct ArgumentRule {
        unsigned argument = 0;
        enum class Test { equals_any, has_any_bit, differs } test = Test::equals_any; ///< `differs`: from one
        std::vector<std::uint32_t> values;
        std::uint32_t verdict = 0;
        enum class Half : std::uint32_t { low, high } half = Half::low;
        bool operator==(const ArgumentRule&) const = default;
    };
    std::vector<ArgumentRule> unless{};
    bool operator==(const CallVerdict&) const = default;
};

/// The calls of one ABI by number.
struct AbiCalls {
    std::uint32_t audit_arch = 0; ///< AUDIT_ARCH_…
    std::map<std::uint32_t, CallVerdict> calls;
    std::uint32_t otherwise = 0; ///< verdict on numbers that are not listed
    /// From here on, and what they get (x86-64: the calls of x32, which shares its AUDIT_ARCH).
    std::optional<std::pair<std::uint32_t, std::uint32_t>> beyond{};
};

/// A seccomp program: a search tree over runs of numbers with the same verdict. libseccomp's has a comparison
/// and a branch for every number, seven times as much for the kernel to translate whenever a program is
/// started. Throws sys::Error when a jump would be too far. Pure.
[[nodiscard]] std::vector<sock_filter> compile_calls(const std::vector<AbiCalls>& abis,
                                                     std::uint32_t other_abi);

} // namespace disco::policy
