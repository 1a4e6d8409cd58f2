#include "runner/cli/undo_commands.hpp"

#include "runner/cli/console.hpp"
#include "runner/dance/confirmation.hpp"
#include "runner/dance/recover.hpp"
#include "runner/dance/rollback.hpp"
#include "runner/dance/run_record.hpp"
#include "runner/dance/state.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"

#include <algorithm>
#include <chrono>

#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

using dance::Confirmation;
using model::ExitCode;

void print_run(const dance::StateDirectory& state, const std::string& id) {
    const auto file = state.runs() / id / "report.json";
    if (!sys::stat_path(file)) {
        write_to(STDOUT_FILENO,
                 fmt::format("{}  live  merged       without a report: it was removed, or the run "
                             "was killed after its merge{}\n",
                             id, dance::undo_words(state, id)));
        return;
    }
    const auto stored = report::load_report(file, state.path() / "scratch");
    std::size_t changes = 0;
    for (const model::ModuleReport& module : stored.run.modules) changes += module.changes();
    const std::size_t actions = model::count_actions(stored.run.modules).all();
    write_to(
        STDOUT_FILENO,
        fmt::format("{}  {:<4}  {:<11}  exit {:<3}  {} {}{}  {}  {}{}\n", id,
                    model::to_string(stored.run.mode), model::to_string(stored.run.outcome),
                    stored.run.exit_code, changes, changes == 1 ? "change" : "changes",
                    actions == 0 ? "" : fmt::format(", {} {}", actions, actions == 1 ? "action" : "actions"),
                    stored.run.node, stored.run.root, dance::undo_words(state, id)));
}

} // namespace

int run_runs(const Options& options) {
    const dance::StateDirectory state{options.dance.state_dir, dance::StateDirectory::Missing::leave};
    ExitCode worst = ExitCode::done;
    const auto runs = dance::known_runs(state);
    if (runs.empty()) print_error(fmt::format("no run is recorded in '{}'", state.runs().string()));
    for (const std::string& id : runs) {
        try {
            print_run(state, id);
        } catch (const sys::Error& error) { // one damaged report does not hide the others
            print_error(fmt::format("run {}: {}", id, error.full_text()));
            worst = ExitCode::bad_configuration;
        }
    }
    return static_cast<int>(worst);
}

int run_recover(const Options& options) {
    const dance::StateDirectory state{options.dance.state_dir};
    if (!options.recover.await.empty()) {
        dance::watch_confirmation(state, options.recover.await);
        return 0;
    }
    const sys::FileLock lock = state.lock("disco recover", options.dance.wait);
    const dance::Resumed done = dance::recover(state);
    for (const std::string& line : done.lines) write_to(STDOUT_FILENO, line + "\n");
    if (done.lines.empty()) write_to(STDOUT_FILENO, "There is nothing to recover.\n");
    return static_cast<int>(done.all_undone ? ExitCode::done : ExitCode::followup_failed);
}

int run_confirm(const Options& options) {
    const dance::StateDirectory state{options.dance.state_dir};
    // Whoever confirms has little time, and what holds the lock may be a command that ends in a moment, or
    // the process that looks whether the time is up.
    constexpr std::chrono::seconds at_least{10};
    const sys::FileLock lock = state.lock("disco confirm", std::max(options.dance.wait, at_least));
    std::string run = options.confirm.run;
    std::vector<std::string> waiting = dance::unconfirmed_runs(state);
    if (run.empty()) {
        if (waiting.empty())
            throw sys::Error{fmt::format("no run waits for confirmation ('{}' lists what became of them)",
                                         state.hint("disco runs"))};
        run = waiting.back();
    } else {
        std::erase_if(waiting, [&](const std::string& one) { return !one.starts_with(run); });
        run = waiting.size() == 1 ? waiting.front() : dance::recorded_run(state, run);
    }
    dance::confirm(state, run);
    write_to(STDOUT_FILENO, fmt::format("Run {} is confirmed.\n", run));
    return 0;
}

void wait_for_confirmation(dance::Result& result, const dance::DanceOptions& options) {
    const dance::StateDirectory state{options.state_dir};
    const std::string& run = result.run.id;
    if (result.run.outcome != model::RunOutcome::merged || result.run.merge.undo.empty()) return;
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    forget_typed_ahead();
    write_to(STDERR_FILENO,
             fmt::format("disco: run {} will be undone in {} s unless it is confirmed: {}{}\n", run,
                         options.confirm.count(), terminal ? "press Enter here, or run " : "",
                         state.hint("disco confirm")));
    const auto began = std::chrono::steady_clock::now();
    Confirmation now = dance::confirmation(state, run);
    for (; now == Confirmation::waiting; now = dance::confirmation(state, run)) {
        sys::while_doing(fmt::format("run {} is merged, and will be undone unless it is confirmed ({})", run,
                                     state.hint("disco confirm")),
                         [] { sys::throw_if_interrupted(); });
        struct pollfd watched = {terminal ? STDIN_FILENO : -1, POLLIN, 0};
        if (::poll(&watched, 1, 200) != 1) continue;
        char answer[256];
        const ssize_t got = ::read(STDIN_FILENO, answer, sizeof answer);
        if (got <= 0) { // the terminal is gone: that is no answer
            ::usleep(200'000);
            continue;
        }
        const sys::FileLock lock = state.lock("disco confirm", std::chrono::seconds{60});
        if (dance::confirmation(state, run) == Confirmation::waiting) dance::confirm(state, run);
    }
    if (now == Confirmation::confirmed) return;
    if (now == Confirmation::undone) {
        // The time is not up before its whole seconds have passed: else it was somebody's 'disco rollback'.
        const bool early =
            std::chrono::steady_clock::now() - began + std::chrono::seconds{1} < options.confirm;
        result.run.exit_code = static_cast<int>(ExitCode::undone);
        result.run.outcome = model::RunOutcome::undone;
        result.run.failure = early ? "the merge was rolled back before anybody confirmed it"
                                   : "the merge was not confirmed in time and was rolled back";
    } else {
        result.run.exit_code = static_cast<int>(ExitCode::followup_failed);
        result.run.failure =
            fmt::format("the merge was not confirmed in time, and rolling it back failed, so it stays: "
                        "'{}' lists the run that tried, '{}' tries again",
                        state.hint("disco runs"), state.hint("disco rollback " + run));
    }
    dance::record_again(result, state);
}

} // namespace disco::cli
