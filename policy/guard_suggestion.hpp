#pragma once

#include "policy/guard_grammar.hpp"

#include <string>
#include <vector>

namespace disco::policy {

/// The line that makes a command line known, `form query systemctl list-foo`: its words as they stand.
/// Whether it asks or acts is guessed from them; who adds the line decides. "" where no single line would do.
/// Pure.
[[nodiscard]] std::string suggested_form(const std::string& name, const GuardGrammar& grammar,
                                         const std::vector<std::string>& argv);

} // namespace disco::policy
