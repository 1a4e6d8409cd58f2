#pragma once

#include "policy/guard_grammar.hpp"

#include <string>
#include <string_view>
#include <vector>

// The words of single lines of policy/guarded.d. All throw BadConfiguration that begins with `place`.
namespace disco::policy {

[[noreturn]] void object_to(const std::string& place, const std::string& why);

/// `-t --type=LIST`: the spellings of one option.
[[nodiscard]] GuardOption parse_option(const std::vector<std::string>& words, const GuardGrammar& grammar,
                                       const std::string& place);

/// The words of a form behind kind and command, up to the first `=>`. Declares options that `scope` lacks.
[[nodiscard]] GuardForm parse_form(GuardKind kind, const std::vector<std::string>& words,
                                   const GuardGrammar& grammar, GuardScope& scope, const std::string& place);

/// A type by its name.
[[nodiscard]] const WordType& find_type(std::string_view name, const GuardGrammar& grammar,
                                        const std::string& place);

/// The option that has this name; npos: none.
[[nodiscard]] std::size_t find_option(const GuardScope& scope, std::string_view name);

} // namespace disco::policy
