#pragma once

#include <string>
#include <vector>

namespace disco::sys {

/// A command line in messages: quoted, safe for a terminal, on one line, cut after a kilobyte. The JSON
/// report has all of it. Pure.
[[nodiscard]] std::string shown_words(const std::vector<std::string>& argv);

} // namespace disco::sys
