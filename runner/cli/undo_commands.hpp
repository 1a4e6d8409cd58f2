#pragma once

#include "runner/cli/options.hpp"

// Commands that look after what runs have done. All need root, and return the exit code but where they say
// otherwise. Throw sys::Error.
namespace disco::cli {

int run_recover(const Options& options);
int run_confirm(const Options& options);
[[nodiscard]] run::Result roll_back(const undo::RollbackOptions& options);

/// After a merge that waits for confirmation: until it is confirmed (by Enter on the terminal, or elsewhere
/// by 'disco confirm') or undone. Notes in the result what has become of it. Whoever ends this process
/// confirms nothing.
void wait_for_confirmation(run::Result& result, const run::CommonOptions& options);

} // namespace disco::cli
