#pragma once

#include "runner/run/run_options.hpp"
#include "runner/run/run_record.hpp"

namespace disco::run {

/// Before the report is stored: an action that would end the machine (reboot, power off) and is not going to
/// be run has a notice that says why; it stays pending.
void note_machine_end(model::RunReport& run, const CommonOptions& options);

/// Runs that action, if it is to be run: after all else, the checks and the report too, which it may leave no
/// time for. Stores the report again with what became of it.
void end_machine(Result& result, const CommonOptions& options, const StateDirectory& state);

} // namespace disco::run
