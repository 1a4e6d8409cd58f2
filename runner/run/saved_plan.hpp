#pragma once

#include "runner/merge/journal.hpp"
#include "runner/merge/merger.hpp"
#include "runner/model/run_report.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/run/state.hpp"

#include <cstddef>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

// A no-op's prepared layers, kept to be merged later: a directory with
//   plan         the steps, in the form of a journal
//   tree         which tree it is for
//   data/N/layer what they bring
//   actions      what it would have run then, with all that is needed for it
//   secrets      values that are masked where it is shown
//   report.json  the no-op's report
namespace disco::run {

/// Throws BadConfiguration when a plan cannot be saved there: something is there already, or the directory
/// above it is missing. Makes the directory, so that this is found out before any work is done.
void require_plan_place(const std::filesystem::path& place);

/// `trees` as for merge::merge; their layers are moved. `started`: see merge::merge. Throws sys::Error.
void save_plan(const std::filesystem::path& place, const model::RunReport& run,
               const model::SecretMask& secrets, std::vector<merge::TreeToMerge> trees,
               const timespec& started);
/// Once the report is stored.
void save_plan_report(const std::filesystem::path& place, const StateDirectory& state,
                      const std::string& run);

/// The steps of a plan. Throws BadConfiguration for what is no plan, what somebody else can write to, and one
/// that was made for another tree.
[[nodiscard]] merge::SavedPlan load_plan(const std::filesystem::path& place);
/// The no-op's report, with the actions. The changes get a file in `scratch`. Throws as load_plan does.
[[nodiscard]] report::StoredReport load_plan_report(const std::filesystem::path& place,
                                                    const std::filesystem::path& scratch);
/// Adds what was secret when it was made; a plan of an earlier version knows none. Throws as load_plan does.
void add_plan_secrets(model::SecretMask& mask, const std::filesystem::path& place);
/// Where the layer of a tree is.
[[nodiscard]] std::filesystem::path layer_of(const std::filesystem::path& place, std::size_t tree);
/// Onto another file system, or beside the original. Throws SysError.
void copy_layer(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace disco::run
