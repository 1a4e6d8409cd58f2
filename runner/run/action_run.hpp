#pragma once

#include "runner/border/host_command.hpp"
#include "runner/model/run_report.hpp"
#include "runner/run/progress.hpp"

#include <string_view>

namespace disco::run {

/// Runs the pending actions of all modules on the host, as model::plan_actions says. The run counts as merged
/// from the first one on. What they print is in the report, in a step of each; a failure does not keep the
/// later ones from running and gives the run its exit code and failure. What ends the machine is not run: see
/// run/machine_end. Throws sys::Interrupted.
void run_actions(model::RunReport& run, const border::Host& host, Progress& progress = silent_progress());
/// Runs that.
void run_machine_end(model::RunReport& run, const border::Host& host);

/// Something after the merge failed: the run's exit code says so, and its failure names this, too.
void note_followup_failure(model::RunReport& run, std::string_view what);

} // namespace disco::run
