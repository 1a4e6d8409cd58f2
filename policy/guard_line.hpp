#pragma once

#include "policy/guard_grammar.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace disco::policy {

/// An option that was given.
struct GivenOption {
    std::size_t option = std::string::npos; ///< npos: one of the others, its words in `words`
    std::optional<std::string> value;
    std::vector<std::string> words; ///< that stand behind it and are its own
    bool prefixed = false;
    std::string typed; ///< of "-SIGNAL": what stood behind the dash
};

struct GivenWord {
    std::string text;
    WordPlace place = WordPlace::operand;
    std::size_t index = 0; ///< in the command line
};

/// A command line, or what stands behind a sub-command, as the scope's options parse it.
struct ParsedLine {
    std::vector<GivenOption> options;
    std::vector<GivenWord> words;
    std::string error; ///< why it cannot be parsed; "" when it can
    std::size_t error_index = 0;
    std::map<std::size_t, std::string> notes; ///< what each word is, by its index in the command line
};

/// `words[from…]` by the options of `scope`. Goes on as well as it can after an error. Pure.
[[nodiscard]] ParsedLine parse_line(const GuardScope& scope, const std::vector<GivenWord>& words);

} // namespace disco::policy
