#pragma once

#include "runner/model/run_report.hpp"

#include <string>
#include <vector>

// What reports of every format say of the parts of a run. Nothing is escaped here. Pure.
namespace disco::report {

/// "nginx", or what a command without modules is called: "shell", "command".
[[nodiscard]] std::string title_of(const model::ModuleReport& module);

/// "2 created, 1 modified"; empty: no change.
[[nodiscard]] std::string counts_in_words(const decltype(model::ModuleReport::change_counts)& counts);

/// "1.22.1-9 installed", "1.0 → 1.1 upgraded", "1.1 removed".
[[nodiscard]] std::string versions_in_words(const model::PackageChange& package);

/// "exit 1", "signal 9".
[[nodiscard]] std::string end_of(const model::Step& step);
[[nodiscard]] bool failed(const model::Step& step);
/// An action or a check: it comes after the merge.
[[nodiscard]] bool follows_up(const model::Step& step);
[[nodiscard]] double seconds_of(const std::vector<model::Step>& steps);

/// In a no-op notices announce actions, which reports list as such.
[[nodiscard]] bool announces_action(const model::Notice& notice, const model::ModuleReport& module);

} // namespace disco::report
