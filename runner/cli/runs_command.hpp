#pragma once

#include "runner/cli/options.hpp"

namespace disco::cli {

/// `disco runs`. Returns the exit code; a report that cannot be read is one for the list, and does not hide
/// the others. Throws as StateDirectory does.
int run_runs(const Options& options);

} // namespace disco::cli
