#pragma once

#include "runner/cli/options.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace disco::cli {

/// What a person means by the value of an option (sys::moment_meant); -1 for an empty one. Throws UsageError.
[[nodiscard]] std::time_t moment_of_option(std::string_view option, const std::string& value);

/// `disco runs`. Returns the exit code; a report that cannot be read is one for the list, and does not hide
/// the others. Throws as StateDirectory does.
int run_runs(const Options& options);

} // namespace disco::cli
