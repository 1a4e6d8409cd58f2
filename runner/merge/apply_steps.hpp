#pragma once

#include "runner/merge/merge_places.hpp"
#include "runner/model/merge_plan.hpp"

#include <ctime>

namespace disco::merge {

/// Takes the live steps of a prepared plan in order. Throws sys::Error that names the step; what was done is
/// to be taken back then (see undo_steps). `dance_started`: see find_conflicts.
void apply_steps(const model::MergePlan& plan, MergePlaces& places, const timespec& dance_started);

/// Looks, when all steps were taken, whether what they replaced and removed was what they expected: looking
/// before would leave a gap. Somebody may also have had a file open and written to it. Throws sys::Error that
/// names the step.
void check_originals(const model::MergePlan& plan, const MergePlaces& places, const timespec& dance_started);

} // namespace disco::merge
