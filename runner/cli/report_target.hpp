#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/html_report.hpp"
#include "runner/report/json_report.hpp"
#include "runner/report/junit_report.hpp"
#include "runner/report/openmetrics_report.hpp"

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// Reports for programs: which formats there are, and where each report goes.
namespace disco::cli {

enum class ReportFormat { json, html, junit, openmetrics };

struct ReportTarget {
    ReportFormat format = ReportFormat::json;
    std::string path; ///< a file, or "-" for standard output
    [[nodiscard]] bool is_standard_output() const { return path == "-"; }
    bool operator==(const ReportTarget&) const = default;
};

using WritePiece = std::function<void(std::string_view)>;

/// A format: its option on the command line, the mode of its file, and what writes it.
struct FormatRow {
    ReportFormat format;
    const char *option, *help;
    mode_t mode;
    void (*write)(const model::RunReport&, const report::ChangeLog&, report::Contents, const WritePiece&);
};
/// All of them: each is one line here, and one above.
inline constexpr std::array format_rows = {
    FormatRow{ReportFormat::json, "--json", "Write the report as JSON to FILE, or '-' (may be repeated)",
              0600, report::write_json_report},
    FormatRow{ReportFormat::junit, "--junit", "Write it as JUnit XML to FILE, or '-' (may be repeated)", 0600,
              report::write_junit_report},
    FormatRow{ReportFormat::openmetrics, "--openmetrics",
              "Write its figures as OpenMetrics to FILE, or '-' (may be repeated)", 0644,
              report::write_openmetrics_report},
    FormatRow{ReportFormat::html, "--html",
              "Write the report as one HTML page to FILE, or '-' (may be repeated)", 0600,
              report::write_html_report},
};
[[nodiscard]] const FormatRow& row_of(ReportFormat format);

/// Whether one of them is for standard output, so that people have to read elsewhere.
[[nodiscard]] bool any_on_standard_output(const std::vector<ReportTarget>& targets);

/// Throws UsageError when two of them are for standard output, where no reader could tell them apart.
void refuse_mixed_reports(const std::vector<ReportTarget>& targets);

/// Throws BadConfiguration where a report cannot be put: to be told before anything is done.
void require_places(const std::vector<ReportTarget>& targets);

/// Writes all of them: `work` gets each target, and what takes the pieces of its report. One that cannot be
/// written keeps no other from being written; then throws what kept the first one, and prints it of others.
void write_targets(const std::vector<ReportTarget>& targets,
                   const std::function<void(const ReportTarget& target, const WritePiece& write)>& work);

} // namespace disco::cli
