#include "runner/run/needless_reloads.hpp"

#include "runner/border/question_run.hpp"
#include "runner/border/systemd_runs.hpp"
#include "runner/run/run_record.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <string>

namespace disco::run {
namespace {

using model::ServiceVerb;

/// A daemon-reexec, which means the same for units, is never needless.
bool is_reload(const model::Action& action) {
    return action.meaning.verb == ServiceVerb::daemon_reload &&
           std::find(action.argv.begin(), action.argv.end(), "daemon-reload") != action.argv.end();
}

/// Starting and stopping leaves the files of units alone; of other commands nobody knows.
bool may_change_files(const model::Action& action) {
    return !is_reload(action) &&
           (action.meaning.verb == ServiceVerb::none || action.meaning.verb == ServiceVerb::anything);
}

bool systemd_knows_all(const border::Host& host) {
    const border::HostCommand command = border::question(
        host, {"systemctl", "show", "--property=NeedDaemonReload", "--value", "--", "*"}, {"bus"}, 0);
    const sys::ProgramResult result = sys::run_program({.argv = command.argv,
                                                        .environment = command.environment,
                                                        .input = {},
                                                        .timeout = border::QuestionRun::patience,
                                                        .output_limit = border::QuestionRun::most_output});
    if (!result.succeeded() || result.output_cut) return false;
    const auto lines = sys::lines_of(result.output);
    bool known = false;
    for (const std::string_view line : lines)
        for (const std::string_view word : sys::words_of(line)) {
            if (word != "no") return false;
            known = true;
        }
    return known;
}

} // namespace

void drop_needless_reloads(model::RunReport& run, const border::Host& host) {
    const auto any_action = [&](bool (*what)(const model::Action&)) {
        return std::any_of(run.modules.begin(), run.modules.end(), [&](const model::ModuleReport& module) {
            return std::any_of(module.actions.begin(), module.actions.end(), what);
        });
    };
    if (!any_action(is_reload) || has_changes(run) || any_action(may_change_files)) return;
    const bool runtime_files = std::any_of(run.modules.begin(), run.modules.end(), [](const auto& module) {
        return std::any_of(module.notices.begin(), module.notices.end(), [](const model::Notice& notice) {
            return notice.kind == model::NoticeKind::runtime;
        });
    });
    if (runtime_files || !border::systemd_runs(host) || !systemd_knows_all(host)) return;
    for (model::ModuleReport& module : run.modules) {
        std::erase_if(module.notices, [&](const model::Notice& notice) {
            return notice.kind == model::NoticeKind::would_execute &&
                   std::any_of(module.actions.begin(), module.actions.end(),
                               [&](const model::Action& action) {
                                   return is_reload(action) && action.argv == notice.argv;
                               });
        });
        std::erase_if(module.actions, is_reload);
    }
}

} // namespace disco::run
