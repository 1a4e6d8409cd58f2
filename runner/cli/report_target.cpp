#include "runner/cli/report_target.hpp"

#include "runner/cli/log.hpp"
#include "runner/cli/report_file.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>

namespace disco::cli {
namespace {

std::ptrdiff_t count_on_standard_output(const std::vector<ReportTarget>& targets) {
    return std::count_if(targets.begin(), targets.end(),
                         [](const ReportTarget& target) { return target.is_standard_output(); });
}

} // namespace

const FormatRow& row_of(ReportFormat format) {
    return *std::find_if(format_rows.begin(), format_rows.end(),
                         [&](const FormatRow& row) { return row.format == format; });
}

bool any_on_standard_output(const std::vector<ReportTarget>& targets) {
    return count_on_standard_output(targets) != 0;
}

void refuse_mixed_reports(const std::vector<ReportTarget>& targets) {
    if (count_on_standard_output(targets) > 1)
        throw sys::UsageError{"only one report can go to standard output, and '-' is given more than once: "
                              "name a FILE for each of the others"};
}

void require_places(const std::vector<ReportTarget>& targets) {
    for (const ReportTarget& target : targets)
        if (!target.is_standard_output()) require_report_place(target.path);
}

void write_targets(const std::vector<ReportTarget>& targets,
                   const std::function<void(const ReportTarget& target, const WritePiece& write)>& work) {
    std::exception_ptr first;
    for (const ReportTarget& target : targets) {
        const auto write_one = [&](const WritePiece& write) { work(target, write); };
        try {
            write_report_file(target.is_standard_output() ? "/dev/stdout" : target.path,
                              row_of(target.format).mode, write_one);
        } catch (const sys::Error& error) {
            if (first)
                write_log(LogLevel::error, error.full_text());
            else
                first = std::current_exception();
        }
    }
    if (first) std::rethrow_exception(first);
}

} // namespace disco::cli
