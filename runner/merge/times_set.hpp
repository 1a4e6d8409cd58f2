#pragma once

#include "runner/model/object_state.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

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
    /// Of an object with this ctime: the one that it had before its times were set here. Nothing when it has
    /// not got its ctime by that.
    [[nodiscard]] std::optional<timespec> before(const std::string& path, std::uint64_t inode,
                                                 const timespec& ctime) const;
    [[nodiscard]] bool any_since(const timespec& moment) const;
    void save() const;

private:
    struct Entry {
        std::uint64_t inode = 0;
        timespec before = {}; ///< its ctime before the first of an unbroken row of times that were set
        timespec after = {};  ///< and after the last one
    };
    std::filesystem::path file_;
    std::map<std::string, std::vector<Entry>, std::less<>> entries_; ///< oldest first
};

} // namespace disco::merge
