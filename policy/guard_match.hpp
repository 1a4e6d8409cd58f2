#pragma once

#include "policy/guard_grammar.hpp"
#include "policy/guard_line.hpp"

#include <optional>
#include <string>
#include <vector>

namespace disco::policy {

/// A command line whose form is known.
struct MatchedLine {
    const GuardScope* scope = nullptr;
    const GuardForm* form = nullptr;          ///< nothing: none fits
    const GuardScope* before_scope = nullptr; ///< of a sub-command: the command's own
    ParsedLine before;                        ///< and the options before it
    ParsedLine line;                          ///< the command, or the sub-command
    std::vector<std::size_t> items;           ///< of each word of `line`: the item of the form that it fits
    std::string error;                        ///< why none fits
    std::map<std::size_t, std::string> notes; ///< what each word is, by its index in the command line
};

/// `argv[0]` is not looked at. Pure.
[[nodiscard]] MatchedLine match_line(const GuardGrammar& grammar, const std::vector<std::string>& argv);

/// A word fits an item: as itself, an alias, or by its type.
[[nodiscard]] bool fits(const GuardItem& item, const GivenWord& word);

/// The use by which a form allows an option, be it by naming it or because every form does; nothing: it does
/// not.
[[nodiscard]] std::optional<OptionUse> allowed_use(const GuardForm& form, const GuardScope& scope,
                                                   std::size_t option);

} // namespace disco::policy
