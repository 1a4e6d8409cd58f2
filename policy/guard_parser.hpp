#pragma once

#include "policy/guard_grammar.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// A file of policy/guarded.d.
struct GuardText {
    std::string text, file;
};

/// The grammars of all files together; their order means nothing. Throws BadConfiguration with file, line and
/// word. Pure. Whether forms overlap is for check_overlaps().
[[nodiscard]] GuardGrammars parse_guard_grammars(const std::vector<GuardText>& files);

} // namespace disco::policy
