#pragma once

#include "runner/module/shared_paths.hpp"
#include "runner/module/verdicts.hpp"
#include "runner/run/run_options.hpp"
#include "runner/view/change_recorder.hpp"
#include "runner/view/views.hpp"

#include <chrono>
#include <filesystem>

namespace disco::module {

/// What a module's work and its checks need from the dance around them.
struct ModuleContext {
    const run::CommonOptions& options;
    model::RunMode mode = model::RunMode::noop;
    view::Views& views;
    view::ChangeRecorder& recorder;
    SharedPaths& shared;
    std::filesystem::path parameters; ///< the effective tree, on the host
    model::Network network = model::Network::isolated;
    std::chrono::seconds timeout{900};
    model::ScriptProfile profile = model::ScriptProfile::strict; ///< of a no-op's scripts
    Verdicts* verdicts = nullptr;                                ///< of a no-op with ScriptProfile::automatic
};

} // namespace disco::module
