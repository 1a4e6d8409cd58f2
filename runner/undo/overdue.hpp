#pragma once

#include "runner/run/state.hpp"

#include <string>
#include <vector>

// What becomes of merges that nobody confirms in time: they are rolled back, by the process that waits, or by
// the next start of disco when that was killed.
namespace disco::undo {

/// What the process does that waits; ends when it is confirmed or undone. Takes the state's lock to roll
/// back.
void watch_confirmation(const run::StateDirectory& state, const std::string& run);

struct RecoveredConfirmations {
    std::vector<std::string> lines; ///< what became of each run, in words
    bool all_undone = true;         ///< of those whose time was up
};

/// Runs that wait with nobody waiting for them, after a crash: those whose time is up are rolled back, for
/// the others a process waits again. The caller holds the state's lock.
RecoveredConfirmations recover_confirmations(const run::StateDirectory& state);

} // namespace disco::undo
