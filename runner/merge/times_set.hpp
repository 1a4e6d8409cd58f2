#pragma once

#include "runner/model/object_state.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>

#include <sys/stat.h>

namespace disco::merge {

/// Live objects that got nothing but other times from a merge, in STATE/undo/times. Their ctime is later than
/// the merge that put them there, and is no sign that somebody else has changed them since: it must not keep
/// that merge from being rolled back.
class TimesSet {
public:
    /// An absent file holds none, nor does one that cannot be understood: then it warns. Throws SysError.
    explicit TimesSet(std::filesystem::path file);

    /// `expected`: of the object before its times were set; `now`: as it is since.
    void note(const std::string& path, const model::Stamp& expected, const struct stat& now);
    /// Whether all that has changed in an object since `moment` is times that were set here.
    [[nodiscard]] bool accounts_for(const std::string& path, const struct stat& now,
                                    const timespec& moment) const;
    [[nodiscard]] bool any_since(const timespec& moment) const;
    void save() const;

private:
    struct Entry {
        std::uint64_t inode = 0;
        timespec before = {}; ///< its ctime before the first of an unbroken row of times that were set
        timespec after = {};  ///< and after the last one
    };
    std::filesystem::path file_;
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace disco::merge
