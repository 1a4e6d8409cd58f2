#pragma once

#include "policy/call_filter.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace disco::tests {

/// The values of an argument of a call whose bits in `mask` are those of `value`.
struct Bits {
    std::uint64_t mask = 0;
    std::uint64_t value = 0; ///< no bit outside of `mask`
    bool operator==(const Bits&) const = default;
};

/// What calls get whose arguments are all among these values; arguments that are not named do not count.
struct DisjointRule {
    std::uint32_t verdict = 0;
    std::map<unsigned, Bits> arguments;
    bool operator==(const DisjointRule&) const = default;
};

/// A verdict as rules of which no two fit the same call, so that their order does not count. Calls that none
/// fits get `verdict.verdict`. Pure.
[[nodiscard]] std::vector<DisjointRule> disjoint_rules(const policy::CallVerdict& verdict);

/// Values of an argument that pass the verdict's tests and that just fail them: the values of the tests,
/// their neighbours, single bits of a mask, none and all; each with another half of zeros and of ones. Pure.
[[nodiscard]] std::vector<std::uint64_t> telling_values(const policy::CallVerdict& verdict,
                                                        unsigned argument);

} // namespace disco::tests
