#include "runner/undo/overdue.hpp"

#include "runner/merge/recovery.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/undo/confirmation.hpp"
#include "runner/undo/rollback.hpp"

#include <ctime>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

#include <fmt/format.h>

namespace disco::undo {
namespace {

namespace fs = std::filesystem;

/// What became of a merge whose time was up, in words.
struct Overdue {
    std::string line;
    bool undone = false;
};

Overdue time_is_up(const run::StateDirectory& state, const std::string& run) {
    RollbackOptions options;
    options.state_dir = state.path();
    options.run = run;
    options.version = DISCO_VERSION;
    options.packages = RollbackOptions::Packages::wait;
    options.wait = std::chrono::seconds{60};
    // It waits on, such as for the boot after a shutdown.
    const auto interrupted = [&] {
        return Overdue{
            fmt::format("run {} was not confirmed in time; rolling it back was interrupted: '{}' tries "
                        "again",
                        run, state.hint("disco recover")),
            false};
    };
    std::string why;
    try {
        const run::Result result = roll_back(options, state);
        if (result.run.outcome == model::RunOutcome::merged)
            return {fmt::format("run {} was not confirmed in time and was rolled back by run {}", run,
                                result.run.id),
                    true};
        if (result.run.outcome == model::RunOutcome::interrupted) return interrupted();
        why = fmt::format("'{}' says why", state.hint("disco report " + result.run.id));
    } catch (const sys::Interrupted&) {
        return interrupted();
    } catch (const sys::Error& error) {
        why = error.full_text();
    }
    note_not_undone(state, run);
    return {fmt::format("run {} was not confirmed in time, and rolling it back failed, so it stays: {}", run,
                        why),
            false};
}

/// Whether the end of the merge has come to its end, which it may not have been able to at the first try:
/// before that there is nothing to be rolled back. It may also have been taken back by that.
bool is_closed(const run::StateDirectory& state, const std::string& run) {
    const merge::UndoStore store{state.undo()};
    if (sys::stat_path(store.record(run))) return true;
    try {
        (void)merge::recover(store, run);
        return sys::stat_path(store.record(run)).has_value();
    } catch (const sys::Error&) {
        constexpr timespec moment = {.tv_sec = 5, .tv_nsec = 0};
        ::nanosleep(&moment, nullptr); // what is in the way may go
        return false;
    }
}

/// False: another process holds the lock, so the run itself may still be at its actions, after which the time
/// begins anew. Who waits for the lock instead would get it then, and keep it from 'disco confirm'.
bool roll_back_if_free(const run::StateDirectory& state, const std::string& run) {
    try {
        const sys::FileLock lock =
            state.lock(fmt::format("disco, rolling back run {} that was not confirmed", run), {});
        const fs::path file = merge::UndoStore{state.undo()}.confirm(run);
        if (!sys::stat_path(file) || seconds_to_confirm(state, run) > 0) return false;
        if (!is_closed(state, run)) return false;
        (void)time_is_up(state, run);
        return true;
    } catch (const sys::TryAgain&) {
        return false;
    }
}

} // namespace

void watch_confirmation(const run::StateDirectory& state, const std::string& run) {
    const fs::path file = merge::UndoStore{state.undo()}.confirm(run);
    const sys::UniqueFd held{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!held) return; // it was confirmed or undone before this process came to wait
    if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0) return; // another one waits
    while (sys::stat_path(file)) {
        if (seconds_to_confirm(state, run) <= 0 && roll_back_if_free(state, run)) return;
        constexpr timespec moment = {.tv_sec = 0, .tv_nsec = 200'000'000};
        ::nanosleep(&moment, nullptr);
    }
}

RecoveredConfirmations recover_confirmations(const run::StateDirectory& state) {
    RecoveredConfirmations recovered;
    const std::vector<std::string> runs = unconfirmed_runs(state);
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        if (sys::FileLock::is_held(merge::UndoStore{state.undo()}.confirm(*run))) continue;
        const std::time_t left = seconds_to_confirm(state, *run);
        if (left <= 0) {
            Overdue overdue = time_is_up(state, *run);
            recovered.lines.push_back(std::move(overdue.line));
            recovered.all_undone = recovered.all_undone && overdue.undone;
            continue;
        }
        start_confirmation_watcher(state, *run);
        recovered.lines.push_back(fmt::format("run {} will be undone in {} s unless it is confirmed: {}",
                                              *run, left, state.hint("disco confirm")));
    }
    return recovered;
}

} // namespace disco::undo
