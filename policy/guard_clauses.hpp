#pragma once

#include "policy/guard_grammar.hpp"

#include <string>
#include <vector>

// The clauses of forms in policy/guarded.d: what stands behind `=>`. What reads or checks them throws
// BadConfiguration that begins with the place.
namespace disco::policy {

/// What stands behind each `=>`; adds to `clauses`.
void parse_clauses(const std::vector<std::string>& words, GuardClauses& clauses, const std::string& place);

/// That the clauses of a form go with its kind, options and operands.
void check_clauses(const GuardForm& form, const GuardScope& scope);

/// The clauses that `own` has go before those of `to`.
void add_clauses(GuardClauses& to, const GuardClauses& own);

} // namespace disco::policy
