#include "runner/cli/undo_commands.hpp"

#include "runner/cli/console.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/run/run_record.hpp"
#include "runner/run/state.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/undo/claim.hpp"
#include "runner/undo/confirmation.hpp"
#include "runner/undo/overdue.hpp"
#include "runner/undo/recover.hpp"
#include "runner/undo/rollback.hpp"

#include <algorithm>
#include <chrono>

#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

using model::ExitCode;
using undo::Confirmation;

} // namespace

int run_recover(const Options& options) {
    const run::StateDirectory state{options.dance.state_dir};
    if (!options.recover.await.empty()) {
        undo::watch_confirmation(state, options.recover.await);
        return 0;
    }
    const sys::FileLock lock = state.lock("disco recover", options.dance.wait);
    const undo::RecoveredConfirmations done = undo::recover(state);
    for (const std::string& line : done.lines) write_to(STDOUT_FILENO, line + "\n");
    if (done.lines.empty()) write_to(STDOUT_FILENO, "There is nothing to recover.\n");
    return model::to_int(done.all_undone ? ExitCode::done : ExitCode::followup_failed);
}

int run_confirm(const Options& options) {
    const run::StateDirectory state{options.dance.state_dir};
    // Whoever confirms has little time, and what holds the lock may be a command that ends in a moment, or
    // the process that looks whether the time is up.
    constexpr std::chrono::seconds at_least{10};
    const sys::FileLock lock = state.lock("disco confirm", std::max(options.dance.wait, at_least));
    std::string run = options.confirm.run;
    std::vector<std::string> waiting = undo::unconfirmed_runs(state);
    if (run.empty()) {
        if (waiting.empty())
            throw sys::Error{fmt::format("no run waits for confirmation ('{}' lists what became of them)",
                                         state.hint("disco runs"))};
        run = waiting.back();
    } else {
        std::erase_if(waiting, [&](const std::string& one) { return !one.starts_with(run); });
        run = waiting.size() == 1 ? waiting.front() : run::recorded_run(state, run);
    }
    undo::confirm(state, run);
    write_to(STDOUT_FILENO, fmt::format("Run {} is confirmed.\n", run));
    return 0;
}

run::Result roll_back(const undo::RollbackOptions& options) {
    const undo::Claim claim{options, "disco rollback", undo::Claim::Purpose::undo};
    return undo::roll_back(options, claim.state());
}

void wait_for_confirmation(run::Result& result, const run::CommonOptions& options) {
    const run::StateDirectory state{options.state_dir};
    const std::string& run = result.run.id;
    if (result.run.outcome != model::RunOutcome::merged || result.run.merge.undo.empty()) return;
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    forget_typed_ahead();
    write_to(STDERR_FILENO,
             fmt::format("disco: run {} will be undone in {} s unless it is confirmed: {}{}\n", run,
                         options.confirm.count(), terminal ? "press Enter here, or run " : "",
                         state.hint("disco confirm")));
    const auto began = std::chrono::steady_clock::now();
    Confirmation now = undo::confirmation(state, run);
    for (; now == Confirmation::waiting; now = undo::confirmation(state, run)) {
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
        if (undo::confirmation(state, run) == Confirmation::waiting) undo::confirm(state, run);
    }
    if (now == Confirmation::confirmed)
        return write_to(STDERR_FILENO, fmt::format("disco: confirmed: run {} stays merged\n", run));
    if (now == Confirmation::undone) {
        // The time is not up before its whole seconds have passed: else it was somebody's 'disco rollback'.
        const bool early =
            std::chrono::steady_clock::now() - began + std::chrono::seconds{1} < options.confirm;
        result.run.exit_code = ExitCode::undone;
        result.run.outcome = model::RunOutcome::undone;
        result.run.failure = early ? "the merge was rolled back before anybody confirmed it"
                                   : "the merge was not confirmed in time and was rolled back";
    } else {
        result.run.exit_code = ExitCode::followup_failed;
        result.run.failure =
            fmt::format("the merge was not confirmed in time, and rolling it back failed, so it stays: "
                        "'{}' lists the run that tried, '{}' tries again",
                        state.hint("disco runs"), state.hint("disco rollback " + run));
    }
    run::record_again(result, state);
}

} // namespace disco::cli
