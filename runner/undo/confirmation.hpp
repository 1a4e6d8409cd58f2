#pragma once

#include "runner/run/state.hpp"

#include <chrono>
#include <ctime>
#include <string>
#include <vector>

// A merge that is undone unless somebody confirms it in time. What is waited for is in files of the undo
// store, and a process of its own waits, so that neither the end of the terminal nor a crash confirms
// anything:
//   confirm         the deadline, in seconds of CLOCK_REALTIME; locked by the process that waits
//   confirmed, unconfirmed    what it has become
namespace disco::undo {

enum class Confirmation {
    waiting,
    confirmed,
    undone,     ///< rolled back in time
    not_undone, ///< the time was up, and the rollback failed
};

/// Starts the process that waits, of a merge whose journal is closed, with the deadline written: it outlives
/// this one, its terminal and its session. Nothing is undone while the caller holds the state's lock. Throws
/// SysError.
void start_confirmation_watcher(const run::StateDirectory& state, const std::string& run);

/// Begins the time anew, of a run that waits. The caller holds the state's lock. Throws SysError.
void restart_confirmation_time(const run::StateDirectory& state, const std::string& run,
                               std::chrono::seconds limit);

[[nodiscard]] Confirmation confirmation(const run::StateDirectory& state, const std::string& run);

/// Seconds until a run that waits is undone; not more than 0 when the time is up.
[[nodiscard]] std::time_t seconds_to_confirm(const run::StateDirectory& state, const std::string& run);

/// The run, whose time was up, could not be rolled back, and is not waited for any more. Throws SysError.
void note_not_undone(const run::StateDirectory& state, const std::string& run);

/// Runs that wait, oldest first.
[[nodiscard]] std::vector<std::string> unconfirmed_runs(const run::StateDirectory& state);

/// The caller holds the state's lock. Throws sys::Error when the run does not wait.
void confirm(const run::StateDirectory& state, const std::string& run);

/// A merge on top of one that may be undone any moment could not be undone itself. Throws TryAgain that names
/// the run and the deadline.
void refuse_while_unconfirmed(const run::StateDirectory& state);

} // namespace disco::undo
