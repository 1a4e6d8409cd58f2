#pragma once

#include "runner/run/run_options.hpp"
#include "runner/run/run_record.hpp"

#include <set>
#include <string>
#include <vector>

namespace disco::undo {

struct RollbackOptions : run::CommonOptions {
    std::string run;               ///< an id, or its beginning; empty: the last that can be rolled back
    std::vector<std::string> keep; ///< globs of what stays as it is; see model::PathGlobs
    model::RunMode mode = model::RunMode::live;
    /// Whether the locks of package managers must be had, or are only waited for.
    enum class Packages { require, wait } packages = Packages::require;
};

/// Puts back what a run's merge replaced and is not kept, if nobody has changed it since: all of it or
/// nothing, as a merge. The report is stored like a dance's. The caller has claimed the state (see
/// Claim::Purpose::undo). Throws as carry_out does, BadConfiguration or sys::Error when there is no such run,
/// and UsageError as merge::plan_rollback does.
[[nodiscard]] run::Result roll_back(const RollbackOptions& options, const run::StateDirectory& state);

/// Names of all runs that have a report or can be rolled back, oldest first: a run that was killed after its
/// merge has no report. Throws SysError.
[[nodiscard]] std::set<std::string> known_runs(const run::StateDirectory& state);

[[nodiscard]] bool is_rolled_back(const run::StateDirectory& state, const std::string& run);

/// What can be done about a run's merge, for a list of runs: "can be rolled back"; empty: nothing.
[[nodiscard]] std::string undo_words(const run::StateDirectory& state, const std::string& run);

} // namespace disco::undo
