#pragma once

#include <ctime>

// Moments of CLOCK_REALTIME, to be compared with the stamps of files. Throws SysError.
namespace disco::sys {

/// Not earlier than any stamp so far.
[[nodiscard]] timespec now();

/// A moment that parts the past from the future in the stamps of files: what was changed before has an
/// earlier ctime or the same, what is changed from now on has a later one. Takes up to a tick of the clock
/// (10 ms).
[[nodiscard]] timespec passed_moment();

/// Waits until what is changed gets a later stamp than `moment`, which was now(); see passed_moment().
void wait_until_passed(const timespec& moment);

[[nodiscard]] bool later(const timespec& a, const timespec& b) noexcept;
[[nodiscard]] constexpr bool same_moment(const timespec& a, const timespec& b) noexcept {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

} // namespace disco::sys
