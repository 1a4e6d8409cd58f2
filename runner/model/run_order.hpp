#pragma once

#include "runner/model/requirements.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace disco::model {

/// name → what its `requires` says; one entry for every module that exists.
using RequirementTable = std::map<std::string, Requirements, std::less<>>;

struct RunOrder {
    std::vector<std::string> modules; ///< the wanted ones and all they pull in; topological, ties by name
};
struct Cycle {
    std::vector<std::string> chain; ///< "a", "b", "a": each must come after the next one
};
struct MissingModule {
    std::string name;
    std::string needed_by; ///< a module; empty when the node itself wants it
};

/// The wanted modules and, transitively, what they name after or before. Modules that the table lacks are in
/// it too.
[[nodiscard]] std::set<std::string> closure(const std::set<std::string>& wanted,
                                            const RequirementTable& table);

/// Deterministic. Pure.
[[nodiscard]] std::variant<RunOrder, Cycle, MissingModule> order_modules(const std::set<std::string>& wanted,
                                                                         const RequirementTable& table);

/// For people: "modules require one another in a cycle: a after b after a".
[[nodiscard]] std::string describe(const Cycle& cycle);
/// `wanted_by`: of a module that none requires.
[[nodiscard]] std::string describe(const MissingModule& missing,
                                   std::string_view wanted_by = "the node wants");

/// module → those of `order` that it comes after, by its own `requires` or by theirs.
[[nodiscard]] std::map<std::string, std::set<std::string>>
direct_requirements(const std::vector<std::string>& order, const RequirementTable& table);

/// The modules of `order` that directly or transitively come after `module` (they are skipped when it fails).
[[nodiscard]] std::set<std::string>
dependents(const std::string& module, const std::vector<std::string>& order, const RequirementTable& table);

} // namespace disco::model
