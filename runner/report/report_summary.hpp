#pragma once

#include "runner/model/run_report.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace disco::report {

/// "1 change", "3 changes". Pure.
[[nodiscard]] std::string counted(std::size_t count, std::string_view one, std::string_view many);

struct ReportCounts {
    std::size_t changes = 0;
    model::ActionCounts actions;
    std::size_t failed_checks = 0;
};
/// Pure.
[[nodiscard]] ReportCounts counts_of(const model::RunReport& run);
/// "3 changes, 2 actions, 1 failed check"; the last two only where there are some. Pure.
[[nodiscard]] std::string in_words(const ReportCounts& counts);

/// What a list of runs says of one.
struct ReportSummary {
    model::RunReport run; ///< without fingerprint, modules, metrics and what the merge did
    ReportCounts counts;
};
/// Of a stored report: reads its beginning alone, however large it is; but all of one of the first versions,
/// which has no counts there. `scratch` holds the changes meanwhile. Throws BadConfiguration as load_report
/// does, SysError.
[[nodiscard]] ReportSummary load_summary(const std::filesystem::path& file,
                                         const std::filesystem::path& scratch);

} // namespace disco::report
