#pragma once

#include "policy/confinement.hpp"

#include <cstdint>
#include <vector>

namespace disco::tests {

/// What a program gets that makes a call under the sandbox's and its profile's filter: 0 when the call goes
/// through, -1 when it is reported and answered, else the errno. Throws std::logic_error when it is killed.
inline constexpr int allowed = 0, reported = -1;
[[nodiscard]] int answer_under(const policy::Confinement& sandbox, const policy::Confinement& program,
                               std::uint32_t audit_arch, std::uint32_t number,
                               const std::vector<std::uint64_t>& arguments = {});

/// What PID 1 gets, which stands under the sandbox's filter alone.
[[nodiscard]] bool pid1_may(const policy::Confinement& sandbox, std::uint32_t audit_arch,
                            std::uint32_t number);

} // namespace disco::tests
