#pragma once

#include "policy/guarded_commands.hpp"

#include <string>
#include <vector>

namespace disco::cli {

/// The grammars in force, for `disco policy show`.
[[nodiscard]] std::string grammars_text(const policy::GuardedCommands& commands);

/// What each word of a command line is, and what becomes of the whole, for `disco policy check`.
[[nodiscard]] std::string explanation_text(const std::vector<std::string>& argv,
                                           const policy::GuardExplanation& explanation);

/// Words in lines of a terminal's width, indented.
[[nodiscard]] std::string paragraph(const std::vector<std::string>& words, std::size_t indent = 6);

} // namespace disco::cli
