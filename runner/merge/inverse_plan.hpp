#pragma once

#include "runner/merge/journal.hpp"
#include "runner/merge/own_work.hpp"
#include "runner/merge/rollback_plan.hpp"

#include <ctime>
#include <filesystem>
#include <set>
#include <string>

namespace disco::merge {

struct InverseTerms {
    const std::string& run; ///< that is undone; makes names that no earlier merge has given
    const timespec& merged; ///< when it was
    const OwnWork* own;     ///< since; null when there is none
    model::PathGlobs& keep;
};

/// Originals of one managed mount that could not be kept.
struct LostOriginals {
    bool all = false;
    std::set<std::string> sources; ///< the names that they would have, in `kept`
};

/// Turns the steps of one managed mount, that were taken, round and adds them to the rollback, with what is
/// kept; a step whose original is lost stays as it is. `layer`, `kept`: where the originals are. Looks at the
/// live root, changes nothing. Throws as plan_rollback does.
void add_inverse(const JournalTree& tree, const model::PreparedPlan& done, const InverseTerms& terms,
                 const LostOriginals& lost, std::filesystem::path layer, std::filesystem::path kept,
                 Rollback& rollback);

} // namespace disco::merge
