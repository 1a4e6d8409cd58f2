#pragma once

#include <CLI/CLI.hpp>

namespace disco::cli {

/// An empty value is a variable that was never set, most often, and no default. A parameter may be empty,
/// and so may a command's arguments. For every option of the command and of those below it.
void refuse_empty_values(CLI::App& app);

} // namespace disco::cli
