#pragma once

#include "runner/cli/module_options.hpp"

namespace disco::cli {

/// disco module check, new, graph. Returns the exit code. None needs root, or runs anything of a module.
[[nodiscard]] int run_module(const ModuleOptions& options);

} // namespace disco::cli
