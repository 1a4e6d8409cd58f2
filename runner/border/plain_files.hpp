#pragma once

#include <ctime>
#include <mutex>
#include <set>
#include <tuple>

#include <sys/stat.h>

namespace disco::border {

/// Files that were looked into and are no scripts, so that the next exec of one need not open it. A file that
/// is written to has another time of change then (inode(7)), but not when it is written to by mmap(2) and was
/// mapped before. So only those are remembered that nobody has changed since this began: in an overlay that
/// was mounted later nobody can have them mapped to write to them. Safe to use from several threads.
class PlainFiles {
public:
    /// `began`: seconds of CLOCK_REALTIME.
    explicit PlainFiles(time_t began) noexcept : began_{began} {}
    [[nodiscard]] bool contains(const struct stat& file) const;
    /// `file`: as it was before it was looked into.
    void note(const struct stat& file);

private:
    using Key = std::tuple<dev_t, ino_t, off_t, time_t, long>;
    static Key key_of(const struct stat& file);
    time_t began_;
    mutable std::mutex mutex_;
    std::set<Key> files_;
};

} // namespace disco::border
