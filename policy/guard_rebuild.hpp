#pragma once

#include "policy/guard_match.hpp"

#include <string>
#include <vector>

namespace disco::policy {

/// The command line in its canonical words: what was parsed, not what was written. `without`: options that
/// are left out, by any of their names. Pure.
[[nodiscard]] std::vector<std::string> rebuild_line(const std::string& name, const MatchedLine& matched,
                                                    const std::vector<std::string>& without = {});

/// The values of an option, "" where it has none; or the operands of a type.
[[nodiscard]] std::vector<std::string> values_of(const MatchedLine& matched, const std::string& name);

/// What `=> queue` of the form makes of the line; nothing when the form has none.
[[nodiscard]] std::vector<std::string> queued_line(const MatchedLine& matched);

/// Its standard input is kept for it.
[[nodiscard]] bool reads_input(const MatchedLine& matched);

/// The directories that the command hides by what it mounts.
[[nodiscard]] std::vector<std::string> covered_directories(const MatchedLine& matched);

/// What the form means for services, with the line's units.
[[nodiscard]] model::ServiceMeaning meaning_of(const MatchedLine& matched);

} // namespace disco::policy
