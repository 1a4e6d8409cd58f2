#pragma once

#include <array>
#include <cstdint>

#include <sys/types.h>

namespace disco::border::cell {

/// A call of a question that waits for an answer (seccomp_unotify(2)).
struct WatchedCall {
    pid_t process = 0;
    int number = 0; ///< SYS_…
    std::array<std::uint64_t, 6> arguments{};
    int listener = -1;
    std::uint64_t id = 0;

    [[nodiscard]] int descriptor() const { return static_cast<int>(arguments[0]); }
    /// Whether it waits still: its process is that one then, and no other with its number.
    [[nodiscard]] bool waits() const;
};

/// What its caller gets.
struct Answer {
    long long result = 0;       ///< an errno with a minus
    bool go_on = false;         ///< the kernel makes the call
    int descriptor = -1;        ///< the caller gets one of its own of it, and its number; owned
    bool closed_by_exec = true; ///< that one

    static Answer let_through() { return {0, true}; }
    static Answer error(int code) { return {-code}; }
};

} // namespace disco::border::cell
