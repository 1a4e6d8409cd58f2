#include "runner/undo/confirmation.hpp"

#include "runner/merge/undo_store.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/own_program.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::undo {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const run::StateDirectory& state, const std::string& run) {
    return merge::UndoStore{state.undo()}.confirm(run);
}

/// Seconds of CLOCK_REALTIME. A file that cannot be read is one whose time is up.
std::time_t deadline(const fs::path& file) {
    return sys::number_in<std::time_t>(sys::read_line_if_exists(file)).value_or(0);
}

/// On disk when this returns: a merge that was confirmed must not be undone after a loss of power.
void become(const run::StateDirectory& state, const std::string& run, const char* name) {
    const fs::path file = file_of(state, run);
    if (sys::stat_path(file)) sys::rename_durably(file, file.parent_path() / name);
}

} // namespace

void start_confirmation_watcher(const run::StateDirectory& state, const std::string& run) {
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

void restart_confirmation_time(const run::StateDirectory& state, const std::string& run,
                               std::chrono::seconds limit) {
    merge::UndoStore{state.undo()}.change_time_to_confirm(run, sys::now(), limit);
}

Confirmation confirmation(const run::StateDirectory& state, const std::string& run) {
    const fs::path directory = state.undo() / run;
    if (sys::stat_path(directory / "confirm")) return Confirmation::waiting;
    if (!merge::UndoStore{state.undo()}.rolled_back_by(run).empty()) return Confirmation::undone;
    return sys::stat_path(directory / "unconfirmed") ? Confirmation::not_undone : Confirmation::confirmed;
}

std::time_t seconds_to_confirm(const run::StateDirectory& state, const std::string& run) {
    return deadline(file_of(state, run)) - sys::now().tv_sec;
}

void note_not_undone(const run::StateDirectory& state, const std::string& run) {
    become(state, run, "unconfirmed");
}

std::vector<std::string> unconfirmed_runs(const run::StateDirectory& state) {
    std::vector<std::string> runs;
    for (std::string& run : merge::UndoStore{state.undo()}.undoable())
        if (sys::stat_path(file_of(state, run))) runs.push_back(std::move(run));
    return runs;
}

void confirm(const run::StateDirectory& state, const std::string& run) {
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

void refuse_while_unconfirmed(const run::StateDirectory& state) {
    const std::vector<std::string> runs = unconfirmed_runs(state);
    if (runs.empty()) return;
    const std::time_t left = seconds_to_confirm(state, runs.back());
    throw sys::TryAgain{
        fmt::format("run {} waits for confirmation and would be undone in {} s: confirm it ('{}') or "
                    "roll it back ('{}') first",
                    runs.back(), std::max<std::time_t>(left, 0), state.hint("disco confirm"),
                    state.hint("disco rollback"))};
}

} // namespace disco::undo
