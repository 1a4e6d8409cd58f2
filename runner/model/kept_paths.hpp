#pragma once

#include "runner/model/run_report.hpp"

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// What a rollback leaves as it is on the machine: what the globs of `--keep` match, with all that is below
// it. Paths are absolute in the live root: "/var/lib/mysql".
namespace disco::model {

/// The globs, and which of them have matched something: one that has not is a slip of the pen.
class PathGlobs {
public:
    PathGlobs() = default;
    /// As in `attributes` (see glob_matches), with or without a leading slash.
    explicit PathGlobs(std::vector<std::string> globs);

    [[nodiscard]] bool empty() const noexcept { return globs_.empty(); }
    /// Whether one matches the path itself.
    [[nodiscard]] bool match(std::string_view path);
    /// Whether one matches the path or a directory above it.
    [[nodiscard]] bool cover(std::string_view path);

    /// As they were given.
    [[nodiscard]] const std::vector<std::string>& all() const noexcept { return globs_; }
    [[nodiscard]] std::vector<std::string> without_match() const;

private:
    std::vector<std::string> globs_;
    std::vector<bool> matched_; ///< by the index of the glob
};

/// A name in a directory. A mount point is none to look into.
struct NameInDirectory {
    std::string name;
    bool directory = false;
};
using ListDirectory = std::function<std::vector<NameInDirectory>(const std::string& path)>;

/// A directory of which something is kept, or all of it goes.
struct SplitDirectory {
    std::vector<std::string> goes;  ///< objects that go as a whole; none of them lies in another
    std::vector<std::string> kept;  ///< likewise those that stay
    std::vector<std::string> stays; ///< directories on the way to what is kept, with the one that was split
};

/// Of a directory that no glob covers. Pure but for `list`, which it calls for directories in there that are
/// not kept, and, while there are globs without a match, for those that are.
[[nodiscard]] SplitDirectory split_directory(const std::string& path, PathGlobs& globs,
                                             const ListDirectory& list);

/// Lets globs match what is below a directory that is kept.
void match_below(const std::string& path, PathGlobs& globs, const ListDirectory& list);

/// Globs that cover all conflicts, sorted: of a conflict in a directory that a run has `made` (or
/// replaced, outermost ones), all of that directory, since what belongs together should stay together; else
/// the path itself. Nothing when there is a conflict that no glob can help with, such as a read-only file
/// system. Pure.
[[nodiscard]] std::vector<std::string> globs_for(const std::vector<Conflict>& conflicts,
                                                 const std::set<std::string, std::less<>>& made);

} // namespace disco::model
