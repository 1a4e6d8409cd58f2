#pragma once

#include "runner/report/report_summary.hpp"

#include <string>

// The first two members of a report in JSON, a line each: a list of runs reads them alone; see load_summary.
namespace disco::report {

/// `"run":{…}`
void append_run(std::string& out, const model::RunReport& run);
/// `"counts":{…}`
void append_counts(std::string& out, const ReportCounts& counts);

} // namespace disco::report
