#pragma once

#include "runner/merge/merge_places.hpp"
#include "runner/model/merge_plan.hpp"

#include <ctime>

namespace disco::merge {

/// Takes the live steps of a prepared plan in order, and looks after each one that what it replaced or
/// removed was what it expected: a rename does so in one go, where looking before would leave a gap. Throws
/// sys::Error that names the step; what was done is to be taken back then (see undo_steps). `dance_started`:
/// see find_conflicts.
void apply_steps(const model::MergePlan& plan, MergePlaces& places, const timespec& dance_started);

/// Looks at the originals of files once more, when all steps were taken: somebody may have had one open and
/// written to it. Throws sys::Error that names the file.
void check_originals(const model::MergePlan& plan, MergePlaces& places);

} // namespace disco::merge
