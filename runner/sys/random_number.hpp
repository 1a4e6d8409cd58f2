#pragma once

#include <cstdint>

namespace disco::sys {

/// 64 bits that nobody can guess (getrandom(2)). Throws SysError.
[[nodiscard]] std::uint64_t random_number();

} // namespace disco::sys
