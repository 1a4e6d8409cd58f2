#pragma once

#include "runner/cli/options.hpp"

namespace disco::cli {

/// `disco report --site`: pages of many runs. A report that cannot be read is named, and keeps no other from
/// being shown; then returns 78.
int run_site(const Options& options);

} // namespace disco::cli
