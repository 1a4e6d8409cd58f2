#pragma once

#include "runner/model/run_report.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

// Which of a run's actions are run after the merge, and in which order: pure.
//
// - daemon-reload comes first when it was asked for, or when a unit file changed and an action on units
// follows.
// - The others keep the order in which they were asked for.
// - A repeat is dropped when nothing between it and the first one could have changed its meaning: of actions
//   on units, actions on other units alone; of other commands, nothing at all.
// - A restart of a unit makes its earlier start and reload needless, unless something lies between them that
//   may have needed those.
// - What ends the machine comes last, and once.
namespace disco::model {

/// What is planned for one action that was asked for.
struct ActionPlan {
    std::vector<std::size_t> order;   ///< indices of those that are run
    std::vector<std::size_t> runs_as; ///< by index: the action that is run for it; itself when it is run
};
[[nodiscard]] ActionPlan plan_actions(const std::vector<const Action*>& asked);

/// Reboots it, or turns it off.
[[nodiscard]] bool ends_machine(const Action& action);

/// Whether systemd reads this file when it loads units: "/etc/systemd/system/a.service", "/etc/init.d/a".
[[nodiscard]] bool is_unit_file(std::string_view path);

/// The actions of all modules, in the order of asking. Valid as long as the modules are.
[[nodiscard]] std::vector<Action*> actions_of(std::vector<ModuleReport>& modules);

/// When all modules are done: marks which actions are repeated, and puts a daemon-reload before the first one
/// on units if `reload_units` (a unit file changed, and systemd runs) and none was asked for.
void conclude_actions(std::vector<ModuleReport>& modules, bool reload_units);

} // namespace disco::model
