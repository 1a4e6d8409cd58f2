#pragma once

#include "runner/cli/log.hpp"
#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <cstddef>
#include <string>
#include <vector>

// What the journal says of a run that has ended. A report has neither priority nor fields; `journalctl -p
// warning` and `journalctl DISCO_PATH=/etc/motd` have to find what happened all the same.
namespace disco::cli {

struct LogEntry {
    LogLevel level = LogLevel::info;
    std::string text;
    LogFields fields;
};

/// DISCO_RUN, DISCO_NODE, DISCO_MODE, DISCO_OUTCOME, DISCO_EXIT_CODE. Pure.
[[nodiscard]] LogFields fields_of_result(const model::RunReport& run);

/// An entry for each path that was changed, would be changed, or is in conflict, without its contents; `most`
/// at most, and then the number of the others. The last entry says how the run ended, and why it failed.
[[nodiscard]] std::vector<LogEntry>
entries_of_result(const model::RunReport& run, const report::ChangeLog& changes, std::size_t most = 300);

} // namespace disco::cli
