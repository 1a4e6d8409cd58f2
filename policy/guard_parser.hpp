#pragma once

#include "policy/guard_grammar.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// A file of policy/guarded.d.
struct GuardText {
    std::string text, file;
    std::size_t first_line = 1; ///< of what `text` is in the file
};

/// The grammars of all files together; their order means nothing. Throws BadConfiguration with file, line and
/// word. Pure. Whether forms overlap is for check_overlaps().
[[nodiscard]] GuardGrammars parse_guard_grammars(const std::vector<GuardText>& files);

/// A grammar as it stands in a file, with the commands that it is of.
struct GuardPassage {
    std::vector<std::string> names;
    GuardText text;
};

/// The files in passages that parse_guard_grammars() can read one by one, found without parsing them. Nothing
/// where single forms go with grammars from elsewhere. Pure.
[[nodiscard]] std::optional<std::vector<GuardPassage>> guard_passages(const std::vector<GuardText>& files);

} // namespace disco::policy
