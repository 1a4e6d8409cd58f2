#pragma once

#include "runner/merge/recovery.hpp"
#include "runner/run/state.hpp"
#include "runner/undo/overdue.hpp"

namespace disco::undo {

/// Recovers from what crashed runs left: interrupted merges first, then merges that nobody confirmed in time
/// (see overdue.hpp). The caller holds the state's lock. Throws sys::Error when an interrupted merge cannot
/// be recovered from.
RecoveredConfirmations recover(const run::StateDirectory& state);

/// The same at the start of a run: the lines are logged as warnings.
void recover_earlier_runs(const run::StateDirectory& state);

/// The runs whose merge is under way or, where nobody holds the lock, was interrupted. Throws SysError.
[[nodiscard]] std::vector<std::string> open_merges(const run::StateDirectory& state);

} // namespace disco::undo
