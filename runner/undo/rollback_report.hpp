#pragma once

#include "runner/merge/rollback_plan.hpp"
#include "runner/model/kept_paths.hpp"
#include "runner/run/run_record.hpp"
#include "runner/run/state.hpp"

#include <filesystem>
#include <set>
#include <string>

// What a rollback says: the changes that it makes, what it leaves to be done, and the way on from a conflict.
namespace disco::undo {

/// What is to be done by hand so that systemd follows: a rollback runs no commands.
struct UndoneUnits {
    bool files = false;         ///< of units, or scripts for SysV init, came or went
    std::set<std::string> gone; ///< units that may run without a file: "redis-server.service"
};

/// Adds the changes of `run` that are undone, the other way round and last first, as the result's one module.
/// Without the run's report it warns that they are not shown. Throws sys::Error.
UndoneUnits report_undone_changes(const std::string& run, const merge::Rollback& rollback,
                                  model::PathGlobs& keep, const run::StateDirectory& state,
                                  const std::filesystem::path& scratch, run::Result& result);

/// The rollback was merged, or could be. Adds what is to do by hand to the notices.
void note_units(const UndoneUnits& units, model::ModuleReport& module);

/// The rollback was merged: whether what is kept has owners without a name now. That it cannot be known is
/// only logged.
void note_nameless_owners(const merge::Rollback& rollback, model::ModuleReport& module);

/// For the conflicts of a rollback: where the originals are, and the command that leaves what is in conflict
/// as it is and undoes the rest. Pure but for the looks at the store's paths.
[[nodiscard]] std::string way_on(const std::string& run, const merge::Rollback& rollback,
                                 const std::vector<model::Conflict>& conflicts, const model::PathGlobs& keep,
                                 const run::StateDirectory& state);

} // namespace disco::undo
