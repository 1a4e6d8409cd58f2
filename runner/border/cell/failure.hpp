#pragma once

#include <string>

namespace disco::border::cell {

inline constexpr int cannot = 125;    ///< as env(1) and chroot(1): this program could not do its part
inline constexpr int timed_out = 124; ///< as timeout(1)

/// "disco: cannot ATTEMPT 'ON': REASON" on standard error, of errno; ends the process with `cannot`.
[[noreturn]] void fail(const char* attempt, const std::string& on);

} // namespace disco::border::cell
