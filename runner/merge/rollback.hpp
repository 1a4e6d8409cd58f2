#pragma once

#include "runner/merge/merger.hpp"
#include "runner/merge/undo_store.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace disco::merge {

/// What undoes a run that was merged: to be given to `merge` with the run's name as
/// JournalHeading::rolls_back.
struct Rollback {
    std::string root;               ///< the live root
    timespec merged = {};           ///< what was changed later is a conflict
    std::vector<TreeToMerge> trees; ///< live, plan, and where the originals are
};

/// Reads the run's record and looks at the live root; changes nothing. What is not as the merge left it shows
/// as a conflict in `find_conflicts`. Throws sys::Error when the run cannot be rolled back, and says why.
[[nodiscard]] Rollback plan_rollback(const UndoStore& store, const std::string& run);

} // namespace disco::merge
