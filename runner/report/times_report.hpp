#pragma once

#include "runner/model/run_report.hpp"

#include <functional>
#include <string_view>

namespace disco::report {

enum class TimesDetail {
    usual, ///< wall time, CPU time, memory and exit in 80 columns, and the slowest steps as bars
    all    ///< every figure of getrusage(2)
};

/// Where the time of a run went: a row for each module and each step, in the order of the run; totals at the
/// end.
void write_times_report(const model::RunReport& run, TimesDetail detail, bool color,
                        const std::function<void(std::string_view)>& write);

} // namespace disco::report
