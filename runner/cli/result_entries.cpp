#include "runner/cli/result_entries.hpp"

#include "runner/model/exit_code.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::cli {
namespace {

using model::RunOutcome;

bool is_pending(const model::RunReport& run) { return run.outcome == RunOutcome::pending; }

/// Drift is a warning; what a live run did is what it was for.
LogLevel level_of_changes(const model::RunReport& run) {
    return is_pending(run) ? LogLevel::warning : LogLevel::info;
}

LogFields with(LogFields fields, std::initializer_list<sys::LogField> more) {
    fields.insert(fields.end(), more);
    return fields;
}

LogEntry entry_of(const model::RunReport& run, const model::ModuleReport& module,
                  const report::RecordedChange& change, const LogFields& common) {
    const std::string path = sys::printable(change.path);
    LogEntry entry = {
        level_of_changes(run),
        fmt::format("{}{} {}", is_pending(run) ? "pending: " : "", model::to_string(change.kind), path),
        with(common, {{"DISCO_PATH", path}, {"DISCO_CHANGE", model::to_string(change.kind)}})};
    if (!module.name.empty()) entry.fields.push_back({"DISCO_MODULE", module.name});
    return entry;
}

LogEntry entry_of(const model::Conflict& conflict, const LogFields& common) {
    const std::string path = sys::printable(conflict.path);
    return {LogLevel::error,
            fmt::format("conflict: {}: expected {}, found: {}", path, conflict.expected,
                        sys::printable_text(conflict.found)),
            with(common, {{"DISCO_PATH", path}})};
}

const model::ModuleReport* failed_module(const model::RunReport& run) {
    const auto found =
        std::find_if(run.modules.begin(), run.modules.end(), [](const model::ModuleReport& module) {
            return module.outcome == model::ModuleOutcome::failed;
        });
    return found == run.modules.end() ? nullptr : &*found;
}

LogEntry last_entry(const model::RunReport& run, const LogFields& common) {
    const std::string hint = fmt::format("; `disco report {}` shows all", run.id);
    if (run.exit_code == model::ExitCode::done || run.exit_code == model::ExitCode::changes)
        return {level_of_changes(run),
                run.outcome == RunOutcome::in_sync
                    ? std::string{model::to_string(run.outcome)} + hint
                    : fmt::format("{} {}{}", report::in_words(report::counts_of(run)),
                                  model::to_string(run.outcome), hint),
                common};
    const model::ModuleReport* module = failed_module(run);
    std::string reason = run.failure;
    if (reason.empty() && module != nullptr)
        reason = fmt::format("module '{}': {}", module->name, module->reason);
    LogEntry entry = {LogLevel::error,
                      fmt::format("{}, exit code {}{}{}{}", model::to_string(run.outcome),
                                  model::to_int(run.exit_code), reason.empty() ? "" : ": ", reason, hint),
                      common};
    if (module != nullptr && !module->name.empty()) entry.fields.push_back({"DISCO_MODULE", module->name});
    return entry;
}

} // namespace

LogFields fields_of_result(const model::RunReport& run) {
    return {{"DISCO_RUN", run.id},
            {"DISCO_NODE", run.node},
            {"DISCO_MODE", model::to_string(run.mode)},
            {"DISCO_OUTCOME", model::to_string(run.outcome)},
            {"DISCO_EXIT_CODE", std::to_string(model::to_int(run.exit_code))}};
}

std::vector<LogEntry> entries_of_result(const model::RunReport& run, const report::ChangeLog& changes,
                                        std::size_t most) {
    const LogFields common = fields_of_result(run);
    std::vector<LogEntry> entries;
    std::size_t all = 0;
    for (const model::Conflict& conflict : run.merge.conflicts)
        if (all++ < most) entries.push_back(entry_of(conflict, common));
    // Of a run that failed nothing has changed, and nothing will before it succeeds.
    if (is_pending(run) || run.outcome == RunOutcome::merged)
        for (const model::ModuleReport& module : run.modules) {
            const std::size_t room = most - std::min(all, most);
            changes.for_each(module.first_change, std::min(module.changes(), room),
                             [&](const report::RecordedChange& change) {
                                 entries.push_back(entry_of(run, module, change, common));
                             });
            all += module.changes();
        }
    if (all > entries.size())
        entries.push_back(
            {entries.empty() ? level_of_changes(run) : entries.back().level,
             fmt::format("… and {}", report::counted(all - entries.size(), "more path", "more paths")),
             common});
    entries.push_back(last_entry(run, common));
    return entries;
}

} // namespace disco::cli
