#pragma once

#include "runner/dance/confirmation.hpp"
#include "runner/dance/state.hpp"
#include "runner/merge/recovery.hpp"

namespace disco::dance {

/// Settles what crashed runs left: interrupted merges first, then merges that nobody confirmed in time (see
/// confirmation.hpp). The caller holds the state's lock. Throws sys::Error when an interrupted merge cannot
/// be settled.
Resumed recover(const StateDirectory& state);

/// The same at the start of a run: the lines are logged as warnings.
void settle_earlier_runs(const StateDirectory& state);

} // namespace disco::dance
