#include "runner/dance/confirmation.hpp"

#include "runner/dance/rollback.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/own_program.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const StateDirectory& state, const std::string& run) {
    return merge::UndoStore{state.undo()}.confirm(run);
}

/// Seconds of CLOCK_REALTIME. A file that cannot be read is one whose time is up.
std::time_t deadline(const fs::path& file) {
    const std::string text = sys::read_file_if_exists(file).value_or("");
    std::time_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds;
}

bool is_up(const fs::path& file) { return sys::now().tv_sec >= deadline(file); }

/// On disk when this returns: a merge that was confirmed must not be undone after a loss of power.
void become(const StateDirectory& state, const std::string& run, const char* name) {
    const fs::path file = file_of(state, run);
    if (sys::stat_path(file)) sys::rename_durably(file, file.parent_path() / name);
}

/// What became of a merge whose time was up, in words.
struct Overdue {
    std::string line;
    bool undone = false;
};

Overdue time_is_up(const StateDirectory& state, const std::string& run) {
    RollbackOptions options;
    options.state_dir = state.path();
    options.run = run;
    options.version = DISCO_VERSION;
    options.packages = RollbackOptions::Packages::wait;
    options.wait = std::chrono::seconds{60};
    // It waits on, such as for the boot after a shutdown.
    const auto interrupted = [&] {
        return Overdue{
            fmt::format("run {} was not confirmed in time; rolling it back was interrupted: '{}' tries "
                        "again",
                        run, state.hint("disco recover")),
            false};
    };
    std::string why;
    try {
        const Result result = roll_back_locked(options, state);
        if (result.run.outcome == model::RunOutcome::merged)
            return {fmt::format("run {} was not confirmed in time and was rolled back by run {}", run,
                                result.run.id),
                    true};
        if (result.run.outcome == model::RunOutcome::interrupted) return interrupted();
        why = fmt::format("'{}' says why", state.hint("disco report " + result.run.id));
    } catch (const sys::Interrupted&) {
        return interrupted();
    } catch (const sys::Error& error) {
        why = error.full_text();
    }
    become(state, run, "unconfirmed");
    return {fmt::format("run {} was not confirmed in time, and rolling it back failed, so it stays: {}", run,
                        why),
            false};
}

/// False: another process holds the lock, so the run itself may still be at its actions, after which the time
/// begins anew. Who waits for the lock instead would get it then, and keep it from 'disco confirm'.
bool roll_back_if_free(const StateDirectory& state, const std::string& run) {
    try {
        const sys::FileLock lock =
            state.lock(fmt::format("disco, rolling back run {} that was not confirmed", run), {});
        const fs::path file = file_of(state, run);
        if (!sys::stat_path(file) || !is_up(file)) return false;
        (void)time_is_up(state, run);
        return true;
    } catch (const sys::TryAgain&) {
        return false;
    }
}

} // namespace

void start_confirmation_watcher(const StateDirectory& state, const std::string& run) {
    const std::filesystem::path program = sys::own_program();
    const pid_t child = sys::check(::fork(), "start a process that waits for confirmation");
    if (child == 0) {
        ::setsid();
        if (::fork() != 0) ::_exit(0); // so that init, not this run, is its parent
        const int null = ::open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
        if (::chdir("/") != 0) ::_exit(1);
        ::execl(program.c_str(), "disco", "recover", "--await", run.c_str(), "--state-dir",
                state.path().c_str(), static_cast<char*>(nullptr));
        ::_exit(1);
    }
    int status = 0;
    sys::check(TEMP_FAILURE_RETRY(::waitpid(child, &status, 0)), "wait for a process");
}

void restart_confirmation_time(const StateDirectory& state, const std::string& run,
                               std::chrono::seconds limit) {
    merge::UndoStore{state.undo()}.change_time_to_confirm(run, sys::now(), limit);
}

void watch_confirmation(const StateDirectory& state, const std::string& run) {
    const fs::path file = file_of(state, run);
    const sys::UniqueFd held{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!held) return; // it was settled before this process came to wait
    if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0) return; // another one waits
    while (sys::stat_path(file)) {
        if (is_up(file) && roll_back_if_free(state, run)) return;
        constexpr timespec moment = {.tv_sec = 0, .tv_nsec = 200'000'000};
        ::nanosleep(&moment, nullptr);
    }
}

Confirmation confirmation(const StateDirectory& state, const std::string& run) {
    const fs::path directory = state.undo() / run;
    if (sys::stat_path(directory / "confirm")) return Confirmation::waiting;
    if (!merge::UndoStore{state.undo()}.rolled_back_by(run).empty()) return Confirmation::undone;
    return sys::stat_path(directory / "unconfirmed") ? Confirmation::not_undone : Confirmation::confirmed;
}

std::vector<std::string> unconfirmed_runs(const StateDirectory& state) {
    std::vector<std::string> runs;
    for (std::string& run : merge::UndoStore{state.undo()}.undoable())
        if (sys::stat_path(file_of(state, run))) runs.push_back(std::move(run));
    return runs;
}

void confirm(const StateDirectory& state, const std::string& run) {
    if (!sys::stat_path(file_of(state, run))) {
        const fs::path directory = state.undo() / run;
        const std::string by = merge::UndoStore{state.undo()}.rolled_back_by(run);
        throw sys::Error{fmt::format("run {} cannot be confirmed: {}", run,
                                     !by.empty() ? fmt::format("it was rolled back already, by run {}", by)
                                     : sys::stat_path(directory / "confirmed") ? "that was done already"
                                     : sys::stat_path(directory / "unconfirmed")
                                         ? "its time was up, and rolling it back failed, so it has stayed"
                                         : "it does not wait for that")};
    }
    become(state, run, "confirmed");
}

Resumed resume_confirmations(const StateDirectory& state) {
    Resumed resumed;
    const std::vector<std::string> runs = unconfirmed_runs(state);
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        const fs::path file = file_of(state, *run);
        if (sys::FileLock::is_held(file)) continue;
        const std::time_t left = deadline(file) - sys::now().tv_sec;
        if (left <= 0) {
            Overdue overdue = time_is_up(state, *run);
            resumed.lines.push_back(std::move(overdue.line));
            resumed.all_undone = resumed.all_undone && overdue.undone;
            continue;
        }
        start_confirmation_watcher(state, *run);
        resumed.lines.push_back(fmt::format("run {} will be undone in {} s unless it is confirmed: {}", *run,
                                            left, state.hint("disco confirm")));
    }
    return resumed;
}

void refuse_while_unconfirmed(const StateDirectory& state) {
    const std::vector<std::string> runs = unconfirmed_runs(state);
    if (runs.empty()) return;
    const std::time_t left = deadline(file_of(state, runs.back())) - sys::now().tv_sec;
    throw sys::TryAgain{
        fmt::format("run {} waits for confirmation and would be undone in {} s: confirm it ('{}') or "
                    "roll it back ('{}') first",
                    runs.back(), std::max<std::time_t>(left, 0), state.hint("disco confirm"),
                    state.hint("disco rollback"))};
}

} // namespace disco::dance
