#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <filesystem>
#include <functional>
#include <string_view>

namespace disco::report {

/// A report read back from runs/ID/report.json.
struct StoredReport {
    model::RunReport run;
    ChangeLog changes;
};

/// Throws BadConfiguration when the file is not a report of a schema this version knows. `scratch` holds the
/// ChangeLog.
[[nodiscard]] StoredReport load_report(const std::filesystem::path& file,
                                       const std::filesystem::path& scratch);

/// `disco report`: where the time of a dance went: per module and per step wall, user, system time, memory,
/// faults, blocks, switches, exit, in the order of the run; totals at the end.
void write_times_report(const model::RunReport& run, bool color,
                        const std::function<void(std::string_view)>& write);

} // namespace disco::report
