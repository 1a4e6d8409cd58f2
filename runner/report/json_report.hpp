#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <functional>
#include <string_view>

namespace disco::report {

/// Writes the report as one JSON object (its members are those of RunReport), streaming:
/// memory does not grow with the number of changes. `write` gets the pieces in order.
void write_json_report(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                       const std::function<void(std::string_view)>& write);

} // namespace disco::report
