#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>

#include <sys/types.h>

namespace disco::sandbox {

/// What the processes are doing that a program has left behind, as far as pipes connect them: the tee(1) of
/// `exec > >(tee log)` has still to read what its script has printed when that has ended.
struct Remaining {
    std::set<pid_t> processes; ///< without PID 1, and without those that have ended
    /// Some read from a pipe of another process.
    bool readers = false;
    /// Some of these read from pipes whose writers are all gone, or are such readers themselves: what they
    /// get has an end, and so have they, most likely.
    bool finishing = false;
    std::uint64_t unread = 0; ///< bytes in the pipes
    std::uint64_t work = 0;   ///< of processors, in ticks
    bool operator==(const Remaining&) const = default;
};

/// `root`: of the sandbox. `input`: the inode of the pipe that all of them may have as standard input; 0:
/// none. Throws SysError.
[[nodiscard]] Remaining look_at_remaining(int root, ino_t input);

/// How long such readers are waited for. Pure.
///
/// Without any, for one more look: a daemon is found at once. Readers get time while they get on, that is,
/// while anything of `Remaining` changes or something is printed: a second without that is enough for those
/// who are finishing, five when there is something to read, a tenth for those whose writers live on. All in
/// all it takes a minute, or five seconds for the latter.
class ReadersPatience {
public:
    using Clock = std::chrono::steady_clock;
    /// `printed`: bytes so far.
    [[nodiscard]] bool lasts(const Remaining& remaining, std::uint64_t printed, Clock::time_point now);

private:
    std::optional<Clock::time_point> began_;
    Clock::time_point changed_;
    Remaining last_;
    int without_readers_ = 0; ///< looks in a row
    std::uint64_t printed_ = 0;
    bool finishing_ = false; ///< were seen to be: a moment later they may have started a program to read from
};

} // namespace disco::sandbox
