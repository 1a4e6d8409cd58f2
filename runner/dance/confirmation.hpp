#pragma once

#include "runner/dance/state.hpp"

#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

// A merge that is undone unless somebody confirms it in time. What is waited for is in files of the undo
// store, and a process of its own waits, so that neither the end of the terminal nor a crash confirms
// anything:
//   confirm         the deadline, in seconds of CLOCK_REALTIME; locked by the process that waits
//   confirmed, unconfirmed    what it has become
namespace disco::dance {

enum class Confirmation {
    waiting,
    confirmed,
    undone,     ///< rolled back in time
    not_undone, ///< the time was up, and the rollback failed
};

/// Starts the process that waits, of a merge whose settlement has written the deadline: it outlives this one,
/// its terminal and its session. Nothing is undone while the caller holds the state's lock. Throws SysError.
void start_confirmation_watcher(const StateDirectory& state, const std::string& run);

/// Begins the time anew, of a run that waits. The caller holds the state's lock. Throws SysError.
void restart_confirmation_time(const StateDirectory& state, const std::string& run,
                               std::chrono::seconds limit);

/// What the process does that waits; ends when it is settled. Takes the state's lock to roll back.
void watch_confirmation(const StateDirectory& state, const std::string& run);

[[nodiscard]] Confirmation confirmation(const StateDirectory& state, const std::string& run);

/// Runs that wait, oldest first.
[[nodiscard]] std::vector<std::string> unconfirmed_runs(const StateDirectory& state);

/// The caller holds the state's lock. Throws sys::Error when the run does not wait.
void confirm(const StateDirectory& state, const std::string& run);

struct Resumed {
    std::vector<std::string> lines; ///< what became of each run, in words
    bool all_undone = true;         ///< of those whose time was up
};

/// Runs that wait with nobody waiting for them, after a crash: those whose time is up are rolled back, for
/// the others a process waits again. The caller holds the state's lock.
Resumed resume_confirmations(const StateDirectory& state);

/// A merge on top of one that may be undone any moment could not be undone itself. Throws TryAgain that names
/// the run and the deadline.
void refuse_while_unconfirmed(const StateDirectory& state);

} // namespace disco::dance
