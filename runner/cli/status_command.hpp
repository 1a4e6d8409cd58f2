#pragma once

#include "runner/cli/options.hpp"

namespace disco::cli {

/// `disco status`: the last run, the last good one, and what waits for somebody. Returns the exit code, for a
/// monitor: that of what is worst. Throws as StateDirectory does, and BadConfiguration where no run is
/// recorded.
int run_status(const Options& options);

} // namespace disco::cli
