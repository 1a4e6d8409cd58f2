#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

// What CLI11 says shortly, in words that name the remedy.
namespace disco::cli {

/// Throws UsageError unless the first words name a command, and one of its own where it has some, or ask for
/// help.
void check_command(const CLI::App& app, const std::vector<std::string>& words);

/// The word that was left over when `app` had parsed: an option that is none, or a word too many. `given`:
/// the command as it was given.
[[nodiscard]] std::string unexpected_word(const CLI::App& app, const std::string& given);

} // namespace disco::cli
