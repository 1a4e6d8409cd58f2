#pragma once

#include "runner/model/run_report.hpp"

#include <string>

namespace disco::report {

/// What became of a run, in one line without a newline: "3 changes merged, 2 actions done". Pure.
[[nodiscard]] std::string sum_in_words(const model::RunReport& run);

/// What a no-op says of an action: "would restart: nginx", "would execute: iptables -A …". Pure.
[[nodiscard]] std::string would_do(const model::Action& action);

} // namespace disco::report
