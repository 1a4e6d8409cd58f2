#pragma once

#include "runner/cli/options.hpp"

namespace disco::cli {

/// `disco policy show|check`: the effective policy, and what it says of a command. Returns the exit code;
/// throws BadConfiguration for a bad policy file or an unknown profile.
[[nodiscard]] int run_policy(const PolicyOptions& policy, const run::CommonOptions& common);

} // namespace disco::cli
