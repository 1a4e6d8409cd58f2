#pragma once

#include "runner/merge/merger.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/model/kept_paths.hpp"

#include <ctime>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace disco::merge {

/// What undoes a run that was merged: to be given to `merge` with the run's name as
/// JournalHeading::rolls_back. Paths are absolute in the live root.
struct Rollback {
    std::string root;               ///< the live root
    timespec merged = {};           ///< what was changed later is a conflict
    std::vector<TreeToMerge> trees; ///< live, plan, and where the originals are
    std::vector<std::string> kept;  ///< what the globs keep of all that the run changed, outermost ones only
    /// What does not come back, as it could not be kept when the run was merged: the live root has something
    /// else there, or nothing, and keeps it.
    std::set<std::string, std::less<>> lost;
    std::set<std::string, std::less<>> stay; ///< directories that the run made, and that hold something kept
    std::set<std::string, std::less<>> made; ///< outermost directories that the run made or replaced
};

/// Reads the run's record and looks at the live root; changes nothing. What is not as the merge left it shows
/// as a conflict in `find_conflicts`, unless it is kept. Throws sys::Error when the run cannot be rolled
/// back, and says why; UsageError for a glob that matches nothing of what the run changed, when all of it is
/// kept, or only a part of a directory that can be put back as a whole only.
[[nodiscard]] Rollback plan_rollback(const UndoStore& store, const std::string& run, model::PathGlobs& keep);

} // namespace disco::merge
