#pragma once

#include "policy/guard_grammar.hpp"
#include "policy/guard_text.hpp"

#include <vector>

namespace disco::policy {

/// The grammars of all files together; their order means nothing. Throws BadConfiguration with file, line and
/// word. Pure. Whether forms overlap is for check_overlaps().
[[nodiscard]] GuardGrammars parse_guard_grammars(const std::vector<GuardText>& files);

/// The lines `units …` of all files. Throws BadConfiguration with file, line and word. Pure.
[[nodiscard]] std::vector<GuardUnits> parse_guard_units(const std::vector<GuardText>& files);

} // namespace disco::policy
