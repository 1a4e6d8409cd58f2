#pragma once

#include "runner/model/report.hpp"
#include "runner/sandbox/sandbox.hpp"

#include <string>

namespace disco::dance {

/// Enters a program's run into a report: its step, and a notice for every process that it left running.
void enter_program(model::ModuleReport& report, model::Phase phase, const std::string& name,
                   model::Profile profile, const sandbox::ProgramEnd& end);

} // namespace disco::dance
