#pragma once

#include "runner/model/run_report.hpp"

#include <string>

namespace disco::report {

/// What became of a run, in one line without a newline: "3 changes merged, 2 actions done". Pure.
[[nodiscard]] std::string sum_in_words(const model::RunReport& run);

/// An action of a run of that mode: "would restart: nginx", "would execute: iptables -A …"; live what became
/// of it: "done: systemctl restart nginx". Pure.
[[nodiscard]] std::string action_in_words(const model::Action& action, model::RunMode mode);

} // namespace disco::report
