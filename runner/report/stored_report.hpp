#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <filesystem>

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

} // namespace disco::report
