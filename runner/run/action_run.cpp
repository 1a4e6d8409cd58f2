#include "runner/run/action_run.hpp"

#include "runner/model/action_queue.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/run/stopwatch.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/shown_words.hpp"

#include <chrono>
#include <vector>

#include <fmt/format.h>

namespace disco::run {
namespace {

constexpr auto action_timeout = std::chrono::minutes{15};

/// Without the last one where something was cut off: part of it may be part of a secret that is masked later.
std::string whole_lines(const std::string& output, bool cut) {
    return cut ? output.substr(0, output.find_last_of('\n') + 1) : output;
}

/// How an action has ended: the model's outcome and exit code, and the words for it.
std::string run_one(model::Action& action, model::ModuleReport& report, const border::Host& host,
                    Progress& progress) {
    progress.work_begins(sys::shown_words(action.argv));
    const Stopwatch watch;
    const sys::ProgramResult result = border::run_action(host, action.argv, action.context, action_timeout);
    model::Step step = watch.step(model::Phase::action, sys::shown_words(action.argv));
    step.exit = result.exit;
    step.signal = result.signal;
    step.usage = model::resource_usage(result.usage);
    step.output =
        whole_lines(result.output, result.output_cut) + whole_lines(result.error, result.output_cut);
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
    run.exit_code = model::ExitCode::followup_failed;
    if (!run.failure.empty()) run.failure += '\n';
    run.failure += what;
}

namespace {

enum class Part { all_but_the_end, end };

void run_part(model::RunReport& run, const border::Host& host, Part part, Progress& progress) {
    const std::vector<model::Action*> asked = model::actions_of(run.modules);
    const model::ActionPlan plan = model::plan_actions({asked.begin(), asked.end()});
    std::vector<model::ModuleReport*> askers;
    for (model::ModuleReport& report : run.modules)
        askers.resize(askers.size() + report.actions.size(), &report);
    for (const std::size_t i : plan.order) {
        if (model::ends_machine(*asked[i]) != (part == Part::end)) continue;
        sys::throw_if_interrupted();
        run.outcome = model::RunOutcome::merged;
        model::ModuleReport& report = *askers[i];
        const std::string failure = run_one(*asked[i], report, host, progress);
        for (std::size_t other = 0; other < asked.size(); ++other) {
            if (plan.runs_as[other] != i) continue;
            asked[other]->outcome = asked[i]->outcome;
            asked[other]->exit = asked[i]->exit;
        }
        if (failure.empty()) continue;
        note_followup_failure(
            run, fmt::format(
                     "the action '{}'{} {}; what was merged stays merged", sys::shown_words(asked[i]->argv),
                     report.name.empty() ? "" : fmt::format(" of module '{}'", report.name), failure));
    }
}

} // namespace

void run_actions(model::RunReport& run, const border::Host& host, Progress& progress) {
    run_part(run, host, Part::all_but_the_end, progress);
}

void run_machine_end(model::RunReport& run, const border::Host& host) {
    run_part(run, host, Part::end, silent_progress());
}

} // namespace disco::run
