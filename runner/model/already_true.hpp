#pragma once

#include "runner/model/run_report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// An action that would change nothing is none: start of a unit that is active, stop of one that is not, a
// kernel setting that has that value. What to ask the machine, and how to read its answer: pure.
//
// The broker asks when a script asks for an action, on the machine itself ('/') alone. Whatever goes wrong
// with the question, the action stays one.
namespace disco::model {

/// The question whose answer says whether `action` would change anything; nothing when no answer could.
/// `earlier`: the actions that this run has queued before, which the answer knows nothing of.
[[nodiscard]] std::optional<std::vector<std::string>>
question_before(const Action& action, const std::vector<const Action*>& earlier);

/// What must be asked besides, when the answer to the first question says that it would change nothing;
/// nothing when that is enough.
[[nodiscard]] std::optional<std::vector<std::string>> question_after(const Action& action,
                                                                     std::string_view answer);
/// Whether the answer to that one says so, too.
[[nodiscard]] bool still_true(const Action& action, std::string_view answer);

/// Whether the answer says that `action` would change nothing. The question has ended with exit code 0.
[[nodiscard]] bool already_true(const Action& action, const std::vector<const Action*>& earlier,
                                std::string_view answer);

} // namespace disco::model
