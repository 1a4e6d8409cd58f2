#include "runner/dance/action_run.hpp"

#include "runner/dance/stopwatch.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"

#include <chrono>
#include <map>

#include <fmt/format.h>

namespace disco::dance {
namespace {

constexpr auto action_timeout = std::chrono::minutes{15};

/// How an action has ended: the model's outcome and exit code, and the words for it.
std::string run_one(model::Action& action, model::ModuleReport& report, const border::Host& host) {
    const Stopwatch watch;
    const sys::ProgramResult result =
        border::run_on_host(host, border::HostAccess::action, action.argv, action_timeout);
    model::Step step = watch.step(model::Phase::action, sys::printable(sys::quote_words(action.argv)));
    step.exit = result.exit;
    step.signal = result.signal;
    step.usage = model::resource_usage(result.usage);
    step.output = result.output + result.error;
    report.steps.push_back(std::move(step));
    action.exit = result.signal != 0 ? 128 + result.signal : result.exit;
    action.outcome = result.succeeded() ? model::ActionOutcome::done : model::ActionOutcome::failed;
    if (result.succeeded()) return {};
    if (result.timed_out)
        return fmt::format("took longer than {} s and was killed",
                           std::chrono::seconds{action_timeout}.count());
    return result.signal != 0 ? fmt::format("was killed by {}", sys::signal_name(result.signal))
                              : fmt::format("exited with {}", result.exit);
}

} // namespace

void note_followup_failure(model::RunReport& run, std::string_view what) {
    run.exit_code = static_cast<int>(model::ExitCode::followup_failed);
    if (!run.failure.empty()) run.failure += '\n';
    run.failure += what;
}

void run_actions(model::RunReport& run, const border::Host& host) {
    std::map<std::vector<std::string>, model::Action> done;
    for (model::ModuleReport& report : run.modules)
        for (model::Action& action : report.actions) {
            if (const auto before = done.find(action.argv); before != done.end()) {
                action = before->second;
                continue;
            }
            const std::string failure = run_one(action, report, host);
            done.emplace(action.argv, action);
            if (failure.empty()) continue;
            note_followup_failure(
                run,
                fmt::format("the action '{}'{} {}; what was merged stays merged",
                            sys::printable(sys::quote_words(action.argv)),
                            report.name.empty() ? "" : fmt::format(" of module '{}'", report.name), failure));
        }
}

} // namespace disco::dance
