#pragma once

#include "policy/guard_grammar.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace disco::policy {

/// What is wrong with a command's grammar as a whole, one message each, with FILE:LINE: forms that fit one
/// command line, sub-commands that do, settings that do not go together. Pure.
[[nodiscard]] std::vector<std::string> grammar_objections(const std::string& name,
                                                          const GuardGrammar& grammar);

/// No command line that the last form of a scope fits fits another one, or a sub-command.
[[nodiscard]] bool is_last_form_apart(const GuardGrammar& grammar, std::size_t scope);

} // namespace disco::policy
