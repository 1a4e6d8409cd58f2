#include "runner/undo/follow_up.hpp"

#include "runner/run/action_run.hpp"
#include "runner/sys/error.hpp"
#include "runner/undo/confirmation.hpp"

#include <fmt/format.h>

namespace disco::undo {
namespace {

void do_all(model::RunReport& run, const FollowUp& what) {
    if (what.place_runtime_files)
        if (const std::string failure = what.place_runtime_files(); !failure.empty())
            run::note_followup_failure(run, failure);
    run::run_actions(run, what.host, *what.progress);
    if (what.check) what.check();
}

/// False, and noted, when no process can wait.
bool begin_waiting(model::RunReport& run, const run::StateDirectory& state) {
    if (run.merge.undo.empty()) {
        run::note_followup_failure(
            run, "what was replaced could not be kept, so the merge stays, confirmed or not");
        return false;
    }
    try {
        start_confirmation_watcher(state, run.id);
    } catch (const sys::Error& error) {
        run::note_followup_failure(
            run, "no process waits for the confirmation, so only the next start of disco undoes the merge: " +
                     error.full_text());
        return false;
    }
    return true;
}

} // namespace

void follow_up(model::RunReport& run, const run::StateDirectory& state, const FollowUp& what) {
    const bool to_confirm = what.confirm.count() != 0 && run.outcome == model::RunOutcome::merged;
    if (!to_confirm || !begin_waiting(run, state)) return do_all(run, what);
    sys::while_doing(fmt::format("run {} is merged, and will be undone unless it is confirmed ({})", run.id,
                                 state.hint("disco confirm")),
                     [&] { do_all(run, what); });
    try {
        restart_confirmation_time(state, run.id, what.confirm);
    } catch (const sys::Error& error) {
        run::note_followup_failure(run, "the time to confirm runs since the merge, not since the actions: " +
                                            error.full_text());
    }
}

} // namespace disco::undo
