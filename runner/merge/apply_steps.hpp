#pragma once

#include "runner/merge/merge_places.hpp"
#include "runner/model/prepared_plan.hpp"

#include <cstddef>
#include <ctime>

namespace disco::merge {

/// Takes the live steps of a plan in order; the originals of so many steps, from the first on, have
/// been looked at meanwhile (see check_originals, for the others). Throws sys::Error that names the step;
/// what was done is to be taken back then (see undo_steps). `dance_started`: see find_conflicts.
[[nodiscard]] std::size_t apply_steps(const model::PreparedPlan& plan, MergePlaces& places,
                                      const timespec& dance_started);

} // namespace disco::merge
