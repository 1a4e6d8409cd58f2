#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace disco::model {

/// A module's `requires` file: `after X`, `before X`, `X` (= after X), `#` comments, blank lines.
struct Requirements {
    std::vector<std::string> after;
    std::vector<std::string> before;
};

/// Throws BadConfiguration with "FILE:LINE: …" (`file` names it for people) on a line it does not understand
/// or a name that no module can have. Pure.
[[nodiscard]] Requirements parse_requirements(std::string_view text, std::string_view file);

} // namespace disco::model
