#include "runner/report/report_words.hpp"

#include "runner/report/package_states.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace disco::report {

std::string title_of(const model::ModuleReport& module) {
    if (module.is_shell()) return "shell";
    return module.name.empty() ? "command" : module.name;
}

std::string counts_in_words(const decltype(model::ModuleReport::change_counts)& counts) {
    std::string text;
    for (std::size_t kind = 0; kind < counts.size(); ++kind)
        if (counts.at(kind) != 0)
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts.at(kind),
                                model::to_string(static_cast<model::ChangeKind>(kind)));
    return text;
}

std::string versions_in_words(const model::PackageChange& package) {
    const std::string before = sys::printable(package.before), after = sys::printable(package.after);
    if (package.before.empty()) return after + " installed";
    if (package.after.empty()) return before + " removed";
    const char* how = compare_versions(package.before, package.after) < 0 ? "upgraded" : "downgraded";
    return fmt::format("{} → {} {}", before, after, how);
}

std::string end_of(const model::Step& step) {
    return step.signal != 0 ? fmt::format("signal {}", step.signal) : fmt::format("exit {}", step.exit);
}

bool failed(const model::Step& step) { return step.exit != 0 || step.signal != 0; }

bool follows_up(const model::Step& step) {
    return step.phase == model::Phase::action || step.phase == model::Phase::check;
}

double seconds_of(const std::vector<model::Step>& steps) {
    double seconds = 0;
    for (const model::Step& step : steps) seconds += step.wall_s;
    return seconds;
}

bool announces_action(const model::Notice& notice, const model::ModuleReport& module) {
    return notice.kind == model::NoticeKind::would_execute &&
           std::any_of(module.actions.begin(), module.actions.end(),
                       [&](const model::Action& action) { return action.argv == notice.argv; });
}

} // namespace disco::report
