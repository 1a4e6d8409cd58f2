#pragma once

#include <string>
#include <string_view>

namespace disco::model {

/// Checks the name of a parameter ("packages/present/vim") or of a tree. Throws BadConfiguration that quotes
/// the name and says what is wrong: empty, absolute, a component "." or ".." or empty, or a character outside
/// [A-Za-z0-9_.-/].
void check_parameter_name(std::string_view name);

/// What is wrong with it, without the name itself, which may be part of something that was put into the wrong
/// place; empty: nothing.
[[nodiscard]] std::string parameter_name_fault(std::string_view name);

/// The same for one component: a node or a module. Throws BadConfiguration; `what` is "module" or "node".
void check_component_name(std::string_view name, std::string_view what);

} // namespace disco::model
