#pragma once

#include "runner/lint/finding.hpp"

#include <filesystem>
#include <set>
#include <string>

namespace disco::lint {

/// Everything about a universe that can be known without running any of it. `only`: the modules that are of
/// interest; empty: all, and the nodes. Reads the universe, starts bash and shellcheck, executes nothing of
/// the universe, and needs no root. Throws BadConfiguration when there is no such universe or module.
[[nodiscard]] CheckResult check_universe(const std::filesystem::path& universe,
                                         const std::set<std::string>& only = {});

/// The same for a module outside of a universe; `file` of the findings is relative to the module. What it
/// requires, and which parameters nodes set, is not known.
[[nodiscard]] CheckResult check_lone_module(const std::filesystem::path& directory);

/// The names of the directories that modules/ holds, hidden ones left out.
[[nodiscard]] std::set<std::string> module_names(const std::filesystem::path& universe);

} // namespace disco::lint
