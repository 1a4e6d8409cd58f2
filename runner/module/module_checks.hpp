#pragma once

#include "runner/module/module_contents.hpp"
#include "runner/module/module_context.hpp"

namespace disco::module {

/// Runs a module's checks against the live root as it is now, in a sandbox with the host's network whose
/// writes are discarded. In name order; one that fails does not keep the others from running. False when one
/// fails: the report's reason says how the first did. The steps are added to the report. Throws sys::Error
/// when there is no sandbox.
[[nodiscard]] bool run_checks(const ModuleContents& module, const ModuleContext& context,
                              model::ModuleReport& report);

} // namespace disco::module
