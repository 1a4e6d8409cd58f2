#pragma once

#include "policy/guarded_commands.hpp"
#include "runner/border/broker.hpp"

#include <string>
#include <vector>

namespace disco::border {

/// The decision on a command that is to be run after the merge in any case, with what is known of it where it
/// is a guarded one: `disco-defer COMMAND…`, and what a module's `triggers` name. Pure.
[[nodiscard]] policy::GuardDecision decision_to_defer(const policy::GuardedCommands& commands,
                                                      const std::vector<std::string>& words);

/// The action that a module's own file names, and no script asks for. Pure.
[[nodiscard]] GuardedRequest named_action(const policy::GuardedCommands& commands,
                                          const std::vector<std::string>& words);

} // namespace disco::border
