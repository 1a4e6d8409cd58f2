#pragma once

#include "runner/lint/finding.hpp"
#include "runner/lint/parameter_roots.hpp"
#include "runner/model/run_order.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

// What nodes get of a universe. Pure.
namespace disco::lint {

/// A node's own directory and what it inherits, weakest first; each once, as a run reads them. What is not
/// there is left out, and a circle is gone round once.
[[nodiscard]] std::vector<std::string> inheritance_of(const std::string& node,
                                                      const std::map<std::string, ParameterRoot>& roots);

/// What the members of `modules/` ask for that are there: node → modules, with those that they require.
/// Findings: modules that are missing, or that no module can be called.
[[nodiscard]] std::map<std::string, std::set<std::string>>
wanted_modules(const ParameterRoots& parameters, const model::RequirementTable& table,
               std::vector<Finding>& findings);

/// A name that is a value in one layer of a node and a tree in another one: a run refuses it.
void check_clashes(const ParameterRoots& parameters,
                   const std::map<std::string, std::set<std::string>>& wanted,
                   const std::map<std::string, fetch::ParameterTree>& defaults,
                   std::vector<Finding>& findings);

} // namespace disco::lint
