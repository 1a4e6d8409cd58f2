#pragma once

#include <cstdint>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>

namespace disco::tests {

/// What a seccomp program answers. Throws std::logic_error for a program that the kernel would not take
/// either.
[[nodiscard]] std::uint32_t evaluate(const std::vector<sock_filter>& program, const seccomp_data& data);

} // namespace disco::tests
