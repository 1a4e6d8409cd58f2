#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"
#include "runner/report/json_values.hpp"

#include <functional>
#include <string_view>

namespace disco::report {

/// The report as JUnit XML, for what collects tests: a suite for the run; a test case for each module, action
/// and check, and one for the run itself (fetch, order, merge). What a module changed is in its output, and
/// no failure. Read by Jenkins, GitLab and GitHub; docs/schemas/junit.xsd is its schema.
void write_junit_report(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                        const std::function<void(std::string_view)>& write);

} // namespace disco::report
