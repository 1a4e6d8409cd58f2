#pragma once

#include "runner/fetch/parameter_tree.hpp"
#include "runner/lint/finding.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

// The parameters of a universe as a check reads them: all at once, with every objection, and without the
// values that no rule is about.
namespace disco::lint {

/// The names of a tree on disk, values left empty but for short ones that may be secrets; `shown` names it in
/// findings ("modules/m/parameters"). What a run would refuse becomes a finding and is left out.
[[nodiscard]] fetch::ParameterTree read_names(const std::filesystem::path& directory,
                                              const std::string& shown, const Subject& subject,
                                              std::vector<Finding>& findings);

/// Findings: secrets that a run refuses, as they are too short to be masked. Pure.
void check_secrets(const fetch::ParameterTree& tree, const std::string& shown, const Subject& subject,
                   std::vector<Finding>& findings);

/// A directory of parameters/ that a node may be, or inherit: the node's own, "roles/web".
struct ParameterRoot {
    std::string text;                  ///< of its `inherits`
    std::vector<std::string> inherits; ///< in order
    fetch::ParameterTree tree;         ///< without `inherits`
};

struct ParameterRoots {
    std::map<std::string, ParameterRoot> roots; ///< by name
    std::set<std::string> nodes;                ///< those of the roots that are nodes
};

/// A node is a directory directly in parameters/ that has a `modules` or an `inherits` of its own and that
/// no other one inherits: what else lies there (roles/, os/) is there to be inherited. `universe` holds
/// parameters/, or nothing is returned. Findings: bad names, `inherits` files that cannot be read, that name
/// what is not there, or one another in a circle.
[[nodiscard]] ParameterRoots read_parameter_roots(const std::filesystem::path& universe,
                                                  std::vector<Finding>& findings);

/// Each circle of an `inherits`, named once: "a inherits b inherits a". Pure.
[[nodiscard]] std::vector<std::vector<std::string>>
inheritance_circles(const std::map<std::string, std::vector<std::string>>& inherits);

} // namespace disco::lint
