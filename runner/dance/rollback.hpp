#pragma once

#include "runner/dance/options.hpp"
#include "runner/dance/run_record.hpp"

#include <set>
#include <string>

namespace disco::dance {

struct RollbackOptions : CommonOptions {
    std::string run; ///< an id, or its beginning; empty: the last that can be rolled back
    bool noop = false;
    /// Whether the locks of package managers must be had, or are only waited for.
    enum class Packages { require, wait } packages = Packages::require;
};

/// Puts back what a run's merge replaced, if nobody has changed it since: all of it or nothing, as a merge.
/// The report is stored like a dance's. Throws as `dance` does.
[[nodiscard]] Result roll_back(const RollbackOptions& options);

/// The same for a caller that holds the state's lock and has settled what there was.
[[nodiscard]] Result roll_back_locked(const RollbackOptions& options, const StateDirectory& state);

/// Names of all runs that have a report or can be rolled back, oldest first: a run that was killed after its
/// merge has no report. Throws SysError.
[[nodiscard]] std::set<std::string> known_runs(const StateDirectory& state);

/// What can be done about a run's merge, for a list of runs: "  can be rolled back"; empty: nothing.
[[nodiscard]] std::string undo_words(const StateDirectory& state, const std::string& run);

} // namespace disco::dance
