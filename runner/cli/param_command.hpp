#pragma once

#include "runner/cli/options.hpp"

namespace disco::cli {

/// `disco param …`: reads and writes the node's parameters in the state directory. Returns the exit code;
/// throws BadConfiguration for bad names and absent parameters.
[[nodiscard]] int run_param(const ParamOptions& param, const run::CommonOptions& common);

} // namespace disco::cli
