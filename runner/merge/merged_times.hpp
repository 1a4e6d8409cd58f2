#pragma once

#include "runner/merge/journal.hpp"
#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <vector>

// What a merge did to times, for the store.
namespace disco::merge {

/// All that the steps set is times.
[[nodiscard]] bool sets_times_alone(const std::vector<model::PreparedPlan>& plans);

/// Notes the times that a merge has set, for the rollback of an earlier run. `tops`: the top directories of
/// the managed mounts; empty: not there. `times`: see UndoStore. Throws SysError.
void note_times_set(const JournalRecord& record, const std::vector<sys::UniqueFd>& tops,
                    const std::filesystem::path& times);

} // namespace disco::merge
