#pragma once

#include "runner/border/host_command.hpp"
#include "runner/model/run_report.hpp"
#include "runner/run/progress.hpp"
#include "runner/run/state.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace disco::undo {

/// What remains to be done on the machine when a run's files are merged, or when it had none to merge.
struct FollowUp {
    border::Host host;                                     ///< where the actions are run
    std::function<std::string()> place_runtime_files = {}; ///< returns what failed; empty: there are none
    std::function<void()> check = {};                      ///< after the actions; empty: there are no checks
    std::chrono::seconds confirm{0};                       ///< see CommonOptions
    run::Progress* progress = &run::silent_progress();     ///< borrowed; never null
};

/// Does it: runtime files, actions, checks. Where a merge is to be confirmed, a process waits for that from
/// before the first of them on, as one may be what nobody comes back from; the time begins anew after the
/// last. What fails is noted in the report, and the rest is done. Throws sys::Interrupted.
void follow_up(model::RunReport& run, const run::StateDirectory& state, const FollowUp& what);

} // namespace disco::undo
