#pragma once

#include "runner/merge/times_set.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/model/object_state.hpp"

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace disco::merge {

struct JournalRecord;

/// What disco itself has done to live objects since a run was merged, so that their ctime, and of copies
/// their inode, is no sign that somebody else has changed them: later runs that were rolled back have put
/// them back as they were, and merges have set times alone.
class OwnWork {
public:
    /// Reads the records of the runs that were merged after `moment` and rolled back, if there are any; warns
    /// of one that cannot be read. Throws SysError.
    OwnWork(const UndoStore& store, const timespec& moment);

    [[nodiscard]] bool any() const { return !put_back_.empty() || times_.any_since(moment_); }

    /// The inode that the object at `path`, which is absolute, had at `moment`, if whatever has been done to
    /// it since was undone again; nothing: somebody else has changed it, or put another one there.
    [[nodiscard]] std::optional<std::uint64_t> inode_at_the_moment(const std::string& path,
                                                                   const struct stat& now) const {
        return inode_at(path, model::stamp(now), moment_);
    }

private:
    /// One object that a rollback put back.
    struct RestoredObject {
        model::Stamp before;     ///< as it was before the run; of a directory that stayed the ctime alone
        std::uint64_t inode = 0; ///< since the rollback; 0: of a directory that stayed
        timespec after = {}, until = {}; ///< when it got its ctime by that: stamps are of a coarse clock
    };

    void add(const JournalRecord& run, const JournalRecord& rollback);
    [[nodiscard]] std::optional<std::uint64_t> inode_at(const std::string& path, model::Stamp stamp,
                                                        const timespec& moment) const;

    timespec moment_;
    TimesSet times_;
    std::map<std::string, std::vector<RestoredObject>, std::less<>> put_back_; ///< by absolute path
};

} // namespace disco::merge
