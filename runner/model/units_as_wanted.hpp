#pragma once

#include "runner/model/run_report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The part of already_true that is about units: what to ask systemd, and how to read its answers. Pure.
namespace disco::model {

/// Whether what the verb asks for may be so already: a restart never is.
[[nodiscard]] bool may_be_as_wanted(ServiceVerb verb);

/// See question_before.
[[nodiscard]] std::optional<std::vector<std::string>>
unit_question(const Action& action, const std::vector<const Action*>& earlier);
[[nodiscard]] bool units_are_as_wanted(const Action& action, const std::vector<const Action*>& earlier,
                                       std::string_view answer);

/// A start starts what the unit wants, too, and a stop stops what is part of it: the question about these, by
/// the answer to the first; nothing when there are none. See question_after.
[[nodiscard]] std::optional<std::vector<std::string>> related_unit_question(const Action& action,
                                                                            std::string_view answer);
[[nodiscard]] bool related_units_are_as_wanted(ServiceVerb verb, std::string_view answer);

} // namespace disco::model
