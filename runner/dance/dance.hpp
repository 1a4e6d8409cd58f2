#pragma once

#include "runner/dance/options.hpp"
#include "runner/dance/run_record.hpp"

namespace disco::dance {

/// Dances: fetches, orders, does every module's work, and in live mode merges it all or nothing. Whatever
/// ends it is in the result, which is also stored under the state directory. Throws only what makes a run
/// impossible from the start: the state directory cannot be used, the lock is held (TryAgain), the node's
/// name is bad.
[[nodiscard]] Result dance(const DanceOptions& options);

} // namespace disco::dance
