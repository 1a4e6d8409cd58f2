#pragma once

#include "runner/run/run_options.hpp"
#include "runner/run/run_record.hpp"

#include <filesystem>

namespace disco::dance {

struct ApplyOptions : run::CommonOptions {
    std::filesystem::path plan;
    model::RunMode mode = model::RunMode::live; ///< a no-op only looks for conflicts
};

/// Merges exactly what a saved plan holds, if the live root is still as the no-op saw it, and runs its
/// actions. The plan stays as it is. The report is stored like a dance's. Throws as `dance` does;
/// BadConfiguration for what is no plan.
[[nodiscard]] run::Result apply_plan(const ApplyOptions& options);

} // namespace disco::dance
