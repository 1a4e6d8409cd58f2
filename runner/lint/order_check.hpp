#pragma once

#include "runner/lint/finding.hpp"
#include "runner/model/run_order.hpp"

#include <map>
#include <string>
#include <vector>

// What `requires` files say of one another. Pure.
namespace disco::lint {

struct OrderCheck {
    model::RequirementTable table; ///< without what is missing, and without what makes circles
    std::vector<Finding> findings;
};

/// Finds every module that is required and missing, and every circle. `texts`: the `requires` files of the
/// modules, for the lines.
[[nodiscard]] OrderCheck check_order(model::RequirementTable table,
                                     const std::map<std::string, std::string>& texts);

} // namespace disco::lint
