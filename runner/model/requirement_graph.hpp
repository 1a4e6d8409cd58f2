#pragma once

#include "runner/model/run_order.hpp"

#include <set>
#include <string>
#include <vector>

// Which modules a run takes, in which order, and why: for people. Pure.
namespace disco::model {

struct OrderedModule {
    std::string name;
    bool is_wanted = false;               ///< by the node itself
    std::vector<std::string> after;       ///< modules of the order that it directly comes after
    std::vector<std::string> required_by; ///< modules that name it
};

/// `order`: of order_modules, for the modules in `wanted`.
[[nodiscard]] std::vector<OrderedModule> explain_order(const std::vector<std::string>& order,
                                                       const RequirementTable& table,
                                                       const std::set<std::string>& wanted);

/// A line for each: " 2  website  after base". One that is not wanted says who requires it.
[[nodiscard]] std::string order_in_words(const std::vector<OrderedModule>& modules);

/// For dot(1) of graphviz: an arrow from each module to those that come after it; what is only required has a
/// dashed frame. Names are quoted.
[[nodiscard]] std::string order_as_dot(const std::vector<OrderedModule>& modules, const std::string& title);

} // namespace disco::model
