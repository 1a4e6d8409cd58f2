#pragma once

#include "runner/dance/options.hpp"
#include "runner/dance/run_record.hpp"
#include "runner/merge/merger.hpp"

#include <filesystem>
#include <vector>

// A no-op's prepared layers, kept to be merged later: a directory with
//   plan         the steps, in the form of a journal
//   tree         which tree it is for
//   data/N/layer what they bring
//   actions      what it would have run then, with all that is needed for it
//   report.json  the no-op's report
namespace disco::dance {

/// Throws BadConfiguration when a plan cannot be saved there: something is there already, or the directory
/// above it is missing. Makes the directory, so that this is told before any work is done.
void require_plan_place(const std::filesystem::path& place);

/// `trees` as for merge::merge; their layers are moved. `started`: see merge::merge. Throws sys::Error.
void save_plan(const std::filesystem::path& place, const model::RunReport& run,
               std::vector<merge::TreeToMerge> trees, const timespec& started);
/// Once the report is stored.
void save_plan_report(const std::filesystem::path& place, const StateDirectory& state,
                      const std::string& run);

struct ApplyOptions : CommonOptions {
    std::filesystem::path plan;
    bool noop = false; ///< only look for conflicts
};

/// Merges exactly what a saved plan holds, if the live root is still as the no-op saw it, and runs its
/// actions. The plan stays as it is. The report is stored like a dance's. Throws as `dance` does;
/// BadConfiguration for what is no plan.
[[nodiscard]] Result apply_plan(const ApplyOptions& options);

} // namespace disco::dance
