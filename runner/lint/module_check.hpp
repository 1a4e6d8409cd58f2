#pragma once

#include "runner/fetch/parameter_tree.hpp"
#include "runner/lint/finding.hpp"
#include "runner/lint/shell_text.hpp"
#include "runner/model/requirements.hpp"
#include "runner/module/module_contents.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace disco::lint {

/// A module as a check reads it.
struct CheckedModule {
    module::ModuleContents contents;
    std::string requires_text; ///< for the lines of what it names
    model::Requirements requirements;
    fetch::ParameterTree defaults; ///< names alone
    std::vector<ShellText> texts;  ///< templates, scripts and checks that bash reads
};

/// Reads a module and notes what is wrong with it by itself: all that a run would refuse when it reads the
/// module, lines that do nothing, defaults that no module may have, interpreters that cannot be found.
[[nodiscard]] CheckedModule check_module(const std::string& name, const std::filesystem::path& directory,
                                         std::vector<Finding>& findings);

/// Whether bash reads a script with this #! line (also as its stand-in for sh in a no-op).
[[nodiscard]] bool is_for_bash(const std::vector<std::string>& interpreter);

/// Parameters that the module's texts ask for and that are in none of these trees: warnings. `nodes`: their
/// names may come before a key. Pure.
void check_parameter_uses(const CheckedModule& module, const std::vector<const fetch::ParameterTree*>& known,
                          const std::set<std::string>& nodes, std::vector<Finding>& findings);

} // namespace disco::lint
