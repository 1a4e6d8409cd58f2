#pragma once

#include "runner/dance/change_recorder.hpp"
#include "runner/dance/module_contents.hpp"
#include "runner/dance/options.hpp"
#include "runner/dance/views.hpp"

namespace disco::dance {

/// What one module's work needs from the dance around it.
struct ModuleRunContext {
    const CommonOptions& options;
    model::RunMode mode = model::RunMode::noop;
    Views& views;
    ChangeRecorder& recorder;
    std::filesystem::path parameters; ///< the effective tree, on the host
    model::Network network = model::Network::isolated;
    std::chrono::seconds timeout{900};
};

/// Does one module's work on a layer of its own: delivers its files, resolves its templates, runs its
/// scripts, and records the differences. The layer is kept when there are any, and dropped otherwise or on
/// failure. A failure of the module is in the report; throws what ends the dance (Interrupted, errors of the
/// machine).
[[nodiscard]] model::ModuleReport run_module(const ModuleContents& module, const ModuleRunContext& context);

/// Runs a module's checks against the live root as it is now, in a sandbox with the host's network whose
/// writes are discarded. False when one fails; the steps are added to the report.
[[nodiscard]] bool run_checks(const ModuleContents& module, const ModuleRunContext& context,
                              model::ModuleReport& report);

} // namespace disco::dance
