#pragma once

#include <string>
#include <vector>

namespace disco::border {

/// A command line in messages to a script: quoted, safe for a terminal, cut after a kilobyte. The report has
/// all of it. Pure.
[[nodiscard]] std::string shown_words(const std::vector<std::string>& argv);

} // namespace disco::border
