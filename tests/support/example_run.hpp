#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace disco::tests {

/// A report made by hand, with its changes: for tests of all that shows or stores reports.
struct ExampleRun {
    model::RunReport run;
    report::ChangeLog changes{std::filesystem::temp_directory_path()};

    /// Adds the change to the last module.
    void add(const model::Change& change);
};

/// A live dance with one module of every outcome, and notices, actions, steps and changes of every kind, one
/// of them with the worst bytes in its path. It ended in a conflict.
[[nodiscard]] ExampleRun example_run();

/// All that a writer of reports writes.
[[nodiscard]] std::string
collected(const std::function<void(const std::function<void(std::string_view)>& write)>& report);

} // namespace disco::tests
