#include "runner/report/text_sum.hpp"

#include "runner/model/exit_code.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/sys/shown_words.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

using model::RunOutcome;

/// "2 actions done, 1 failed", after what `text` says already.
void add_actions(std::string& text, const model::ActionCounts& actions) {
    bool first = true;
    const auto add = [&](std::size_t count, std::string_view outcome) {
        if (count == 0) return;
        if (!text.empty()) text += ", ";
        text += first ? counted(count, "action", "actions") : fmt::format("{}", count);
        text += fmt::format(" {}", outcome);
        first = false;
    };
    add(actions.done, "done");
    add(actions.failed, "failed");
    add(actions.pending, "pending");
}

std::string why_conflict(const model::RunReport& run) {
    return fmt::format("{}, nothing was merged: the tree changed {}",
                       counted(run.merge.conflicts.size(), "conflict", "conflicts"),
                       run.command == "disco apply"      ? "since the plan was made; make a new one"
                       : run.command == "disco rollback" ? "since that merge; look at it"
                                                         : "meanwhile; look at it and run again");
}

/// The verb and the units of the usual ways to ask for something of services; nothing for another command.
std::vector<std::string> service_words(const std::vector<std::string>& argv) {
    constexpr std::array<std::string_view, 9> verbs = {
        "start",  "stop",         "restart",           "try-restart",          "condrestart",
        "reload", "force-reload", "reload-or-restart", "try-reload-or-restart"};
    const auto is_verb = [&](const std::string& word) {
        return std::find(verbs.begin(), verbs.end(), word) != verbs.end();
    };
    if (argv.size() >= 3 && argv[0] == "systemctl" && is_verb(argv[1]) &&
        std::none_of(argv.begin() + 2, argv.end(), [](const std::string& w) { return w.starts_with('-'); }))
        return {argv.begin() + 1, argv.end()};
    if (argv.size() == 3 && (argv[0] == "service" || argv[0] == "invoke-rc.d") && is_verb(argv[2]) &&
        !argv[1].starts_with('-'))
        return {argv[2], argv[1]};
    return {};
}

} // namespace

std::string sum_in_words(const model::RunReport& run) {
    std::size_t changes = 0, failed = 0;
    for (const model::ModuleReport& module : run.modules) {
        if (module.outcome == model::ModuleOutcome::changed) changes += module.changes();
        if (module.outcome == model::ModuleOutcome::failed) ++failed;
    }
    const model::ActionCounts actions = model::count_actions(run.modules);
    const std::string many = counted(changes, "change", "changes");
    const bool noop = run.mode == model::RunMode::noop;
    std::string text;
    switch (run.outcome) {
    case RunOutcome::in_sync: text = "in sync, nothing to change"; break;
    case RunOutcome::pending:
        if (changes != 0 || actions.all() == 0) text = many + (noop && actions.all() == 0 ? " pending" : "");
        add_actions(text, actions);
        text += changes != 0 || actions.all() == 0 ? ", nothing was merged" : ", nothing was run";
        break;
    case RunOutcome::merged:
        if (changes != 0 || actions.all() == 0) text = many + " merged";
        if (changes == 0 && run.merge.steps != 0 &&
            run.command == "disco rollback") // of a run without a report
            text = "merged, but what that changed is not known";
        add_actions(text, actions);
        break;
    case RunOutcome::failed:
        text = run.exit_code == model::ExitCode::undone
                   ? "the merge failed, and not all of it could be undone"
               : failed == 0 ? "failed, nothing was merged"
                             : fmt::format("{} failed, nothing {} merged",
                                           counted(failed, "module", "modules"), noop ? "would be" : "was");
        break;
    case RunOutcome::conflict: text = why_conflict(run); break;
    case RunOutcome::undone: text = "merged and undone again"; break;
    case RunOutcome::interrupted: text = "interrupted, nothing was merged"; break;
    }
    if (const std::size_t checks = counts_of(run).failed_checks; checks != 0)
        text += fmt::format(", {} failed", counted(checks, "check", "checks"));
    if (!run.merge.kept.empty() && (run.outcome == RunOutcome::merged || run.outcome == RunOutcome::pending))
        text += fmt::format(", {} kept", run.merge.kept.size());
    return text;
}

std::string action_in_words(const model::Action& action, model::RunMode mode) {
    if (mode == model::RunMode::live)
        return fmt::format("{}: {}", model::to_string(action.outcome), sys::shown_words(action.argv));
    const std::vector<std::string> words = service_words(action.argv);
    if (words.empty()) return "would execute: " + sys::shown_words(action.argv);
    return fmt::format("would {}: {}", words.front(), sys::shown_words({words.begin() + 1, words.end()}));
}

} // namespace disco::report
