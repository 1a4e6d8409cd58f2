#pragma once

#include "policy/guard_grammar.hpp"
#include "policy/guard_line.hpp"

#include <vector>

namespace disco::policy {

/// Replaces leading words that are the beginning of just one plain word that may stand there by that word.
/// A word that is one of them already stays.
void lengthen_words(const GuardGrammar& grammar, std::vector<GivenWord>& words);

} // namespace disco::policy
