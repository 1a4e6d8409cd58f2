#pragma once

#include "policy/guard_match.hpp"
#include "policy/guard_parser.hpp"
#include "runner/model/subject.hpp"

#include <string>
#include <string_view>
#include <vector>

// The parts of the machine that commands change and ask about: `changes` and `about` in policy/guarded.d.
namespace disco::policy {

/// Whether a grammar may name it; a command without such a clause has a subject of its own name.
[[nodiscard]] bool is_subject(std::string_view name);
[[nodiscard]] std::vector<std::string_view> subject_names();

/// What such a clause is `of` is one thing by its name, such as "firewalld.service".
[[nodiscard]] bool is_thing(std::string_view what);

/// What an answer to the line depends on.
[[nodiscard]] std::vector<model::Subject> asked_about(const std::string& command, const MatchedLine& matched);

/// What the line changes on the machine, if it is an action or has one. `units`: of the policy.
[[nodiscard]] std::vector<model::Subject> changed_by(const std::string& command, const MatchedLine& matched,
                                                     const std::vector<GuardUnits>& units);

} // namespace disco::policy
