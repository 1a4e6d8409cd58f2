#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"
#include "runner/report/html_writer.hpp"

// The parts of a page, in their order. Those that have nothing to say write nothing.
namespace disco::report {

/// Who, what, when, and what became of it; then links to the parts below.
void write_heading(HtmlWriter& html, const model::RunReport& run);
/// All that went wrong: why the run ended, modules with their last lines of output, actions, checks,
/// conflicts.
void write_failures(HtmlWriter& html, const model::RunReport& run);
[[nodiscard]] bool has_failures(const model::RunReport& run);
/// Every change, by module.
void write_changes(HtmlWriter& html, const model::RunReport& run, const ChangeLog& changes,
                   Contents contents);
/// What was done, or waits to be done, besides the changes; and what a rollback leaves.
void write_actions(HtmlWriter& html, const model::RunReport& run);
void write_notices(HtmlWriter& html, const model::RunReport& run);
/// Where the time went: a bar for each module, in the order of the run.
void write_time_line(HtmlWriter& html, const model::RunReport& run);
/// Which module comes after which, where any does.
void write_requirements(HtmlWriter& html, const model::RunReport& run);
/// What the steps printed, and their figures.
void write_outputs(HtmlWriter& html, const model::RunReport& run);
void write_steps(HtmlWriter& html, const model::RunReport& run);

[[nodiscard]] bool has_actions(const model::RunReport& run);
[[nodiscard]] bool has_notices(const model::RunReport& run);
[[nodiscard]] bool has_requirements(const model::RunReport& run);
[[nodiscard]] bool has_steps(const model::RunReport& run);
[[nodiscard]] bool has_outputs(const model::RunReport& run);

} // namespace disco::report
