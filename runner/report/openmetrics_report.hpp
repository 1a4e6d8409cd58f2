#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"
#include "runner/report/json_values.hpp"

#include <functional>
#include <string_view>

namespace disco::report {

/// The report's figures as OpenMetrics 1.0 text, also what node_exporter's textfile collector reads: gauges
/// alone, as a file tells of one run. (No library of Debian writes it: prometheus-cpp has Prometheus's own
/// older text, and metrics that live in a process.)
void write_openmetrics_report(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                              const std::function<void(std::string_view)>& write);

} // namespace disco::report
