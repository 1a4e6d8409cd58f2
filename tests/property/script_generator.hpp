#pragma once

#include "tests/property/operation.hpp"

#include <cstdint>
#include <vector>

namespace disco::property {

/// Two lists of operations: what makes a tree, and a script that works on it. Both use few names, so that
/// what they do meets.
struct Script {
    std::vector<Operation> furniture, work;
};

/// The same seed gives the same script everywhere.
[[nodiscard]] Script generate_script(std::uint64_t seed);

/// Modification times that scripts set lie from here to `deliberate_end`; a tree is furnished with earlier
/// ones.
constexpr std::int64_t deliberate_begin = 1'000'000'000, deliberate_end = 1'100'000'000;

} // namespace disco::property
