#include "runner/run/machine_end.hpp"

#include "runner/model/action_queue.hpp"
#include "runner/run/action_run.hpp"
#include "runner/run/data_directory.hpp"
#include "runner/sys/shown_words.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::run {
namespace {

using model::ActionOutcome;
using model::RunOutcome;

/// The module that asked for it first, and the action; of a live run that did what it was to do before.
struct Ending {
    model::ModuleReport* report = nullptr;
    model::Action* action = nullptr;
};

Ending pending_end(model::RunReport& run) {
    const bool done = run.outcome == RunOutcome::merged || run.outcome == RunOutcome::pending;
    if (run.mode != model::RunMode::live || !done) return {};
    for (model::ModuleReport& report : run.modules)
        for (model::Action& action : report.actions)
            if (model::ends_machine(action) && action.outcome == ActionOutcome::pending && !action.repeated)
                return {&report, &action};
    return {};
}

/// Empty when it is to be run.
const char* why_not(const model::RunReport& run, const CommonOptions& options) {
    if (!options.allow_reboot) return "it is run only with --allow-reboot";
    const bool well = run.exit_code == model::ExitCode::done || run.exit_code == model::ExitCode::changes;
    return well ? "" : "something failed before";
}

} // namespace

void note_machine_end(model::RunReport& run, const CommonOptions& options) {
    const Ending end = pending_end(run);
    const std::string reason = why_not(run, options);
    if (end.action == nullptr || reason.empty()) return;
    end.report->notices.push_back({model::NoticeKind::refused,
                                   fmt::format("not run: {}: {}", sys::shown_words(end.action->argv), reason),
                                   end.action->argv,
                                   {}});
}

void end_machine(Result& result, const CommonOptions& options, const StateDirectory& state) {
    model::RunReport& run = result.run;
    const Ending end = pending_end(run);
    if (end.action == nullptr || *why_not(run, options) != '\0') return;
    run_machine_end(run, {.root = run.root, .helper = data_directory() / "disco-on-host", .hidden = {}});
    record_again(result, state);
}

} // namespace disco::run
