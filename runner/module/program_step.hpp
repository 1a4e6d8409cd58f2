#pragma once

#include "runner/border/broker.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sandbox/sandbox.hpp"

#include <string>

namespace disco::module {

/// Enters a program's run into a report: its step, and a notice for every process that it left running.
void enter_program(model::ModuleReport& report, model::Phase phase, const std::string& name,
                   model::Profile profile, const sandbox::ProgramEnd& end);

/// Enters a notice of what a program asked for by a guarded command, once for a step.
void enter_unqueued(model::ModuleReport& report, const border::GuardedRequest& asked,
                    const std::string& step);

/// The same for a script, whose actions are to be run after the merge: an action that is pending now, in a
/// no-op with a notice that says so; or that it was refused.
void enter_asked(model::ModuleReport& report, const border::GuardedRequest& asked, const std::string& step,
                 model::RunMode mode);

} // namespace disco::module
