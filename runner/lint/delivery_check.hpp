#pragma once

#include "runner/lint/finding.hpp"
#include "runner/module/module_contents.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace disco::lint {

/// Paths that several modules of one node deliver, each differently: a run fails there, unless the templates
/// print the same after all. Reads files that several modules deliver under one path.
void check_deliveries(const std::map<std::string, module::ModuleContents>& modules,
                      const std::map<std::string, std::set<std::string>>& wanted,
                      std::vector<Finding>& findings);

} // namespace disco::lint
