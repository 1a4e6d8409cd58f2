#include "runner/cli/status_command.hpp"

#include "runner/cli/console.hpp"
#include "runner/cli/runs_command.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/report/json_heading.hpp"
#include "runner/report/json_members.hpp"
#include "runner/run/state.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/time_text.hpp"
#include "runner/undo/confirmation.hpp"
#include "runner/undo/recover.hpp"
#include "runner/undo/rollback.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

using model::ExitCode;
using model::RunMode;
using model::RunOutcome;
using report::ReportSummary;

struct Unconfirmed {
    std::string run;
    std::time_t seconds; ///< until it is undone
};

struct Status {
    std::optional<ReportSummary> last;
    std::optional<ReportSummary> good;    ///< the last one that left the machine as it is to be
    std::optional<ReportSummary> pending; ///< the last one, when it is a no-op that would change something
    std::time_t answered = -1; ///< when the last disco-run began that did not end with 75; -1: none
    std::vector<Unconfirmed> unconfirmed;
    std::vector<std::string> unfinished; ///< runs whose merge was interrupted
    std::vector<std::string>
        unreported;         ///< newer than the last one: they merged, and were killed before their end
    bool is_in_use = false; ///< a run is under way, which may be merging
    bool damaged = false;   ///< a report could not be read: what it would say is not known
    bool stale = false;     ///< no run has been answered for longer than --max-age permits
};

bool succeeded(const model::RunReport& run) {
    return run.exit_code == ExitCode::done || run.exit_code == ExitCode::changes;
}

/// Commands that an administrator tried say nothing of that.
bool is_of_server(const model::RunReport& run) {
    return run.command != "disco exec" && run.command != "disco shell";
}

/// After it the machine was as its server says: it was made so, or was so.
bool is_good(const model::RunReport& run) {
    return succeeded(run) && run.command != "disco rollback" &&
           (run.outcome == RunOutcome::merged || run.outcome == RunOutcome::in_sync);
}

/// It reached its server, and nobody stood in its way.
bool is_answered(const model::RunReport& run) {
    return run.command == "disco-run" && run.exit_code != ExitCode::try_again &&
           run.outcome != RunOutcome::interrupted;
}

/// Nothing when it cannot be read, which is said: it does not hide the others.
std::optional<ReportSummary> summary_of(const run::StateDirectory& state, const std::string& id) {
    try {
        return report::load_summary(state.report(id), state.path() / "scratch");
    } catch (const sys::Interrupted&) {
        throw;
    } catch (const sys::Error& error) {
        print_error(fmt::format("run {}: {}", id, error.full_text()));
        return std::nullopt;
    }
}

/// `since`: -1 where nobody asks when a run was answered.
Status status_of(const run::StateDirectory& state, std::time_t since) {
    Status status;
    const std::vector<std::string> runs = run::recorded_runs(state);
    const auto wants_more = [&] { return !status.good || (since != -1 && status.answered == -1); };
    for (auto id = runs.rbegin(); id != runs.rend() && wants_more(); ++id) {
        std::optional<ReportSummary> read = summary_of(state, *id);
        status.damaged = status.damaged || !read;
        if (!read || !is_of_server(read->run)) continue;
        ReportSummary& summary = *read;
        if (status.answered == -1 && is_answered(summary.run))
            status.answered = sys::moment_of_timestamp(summary.run.started);
        if (!status.last) {
            status.last = summary;
            if (summary.run.outcome == RunOutcome::pending && succeeded(summary.run))
                status.pending = summary;
        }
        if (!status.good && is_good(summary.run) && !undo::is_rolled_back(state, *id))
            status.good = std::move(summary);
    }
    for (const std::string& run : undo::unconfirmed_runs(state))
        status.unconfirmed.push_back({run, std::max<std::time_t>(undo::seconds_to_confirm(state, run), 0)});
    status.is_in_use = state.is_in_use();
    if (!status.is_in_use) {
        status.unfinished = undo::open_merges(state);
        for (const std::string& run : undo::known_runs(state))
            if ((!status.last || run > status.last->run.id) && !sys::stat_path(state.report(run)) &&
                std::count(status.unfinished.begin(), status.unfinished.end(), run) == 0)
                status.unreported.push_back(run);
    }
    status.stale = since != -1 && status.answered < since;
    return status;
}

/// Of what is worst. What waits is like a change that waits.
ExitCode verdict(const Status& status) {
    if (status.damaged) return ExitCode::bad_configuration;
    if (!status.unfinished.empty() || !status.unreported.empty() || status.stale) return ExitCode::failed;
    if (status.last && !succeeded(status.last->run)) return status.last->run.exit_code;
    return status.pending || !status.unconfirmed.empty() ? ExitCode::changes : ExitCode::done;
}

std::string age_of(const model::RunReport& run, std::time_t now) {
    const std::time_t started = sys::moment_of_timestamp(run.started);
    if (started == -1) return "";
    return fmt::format("{} ago, ",
                       sys::duration_in_words(static_cast<double>(std::max<std::time_t>(now - started, 1))));
}

std::string line_of(const char* name, const ReportSummary& summary, std::time_t now) {
    const model::RunReport& run = summary.run;
    std::string line =
        fmt::format("{:<14}{}{} {}, {}  ({})\n", name, age_of(run, now), model::to_string(run.mode),
                    model::to_string(run.outcome), report::in_words(summary.counts), run.id);
    if (!run.failure.empty()) line += fmt::format("{:<14}{}\n", "", sys::printable_text(run.failure));
    return line;
}

std::string text_of(const Status& status, const run::StateDirectory& state) {
    const std::time_t now = std::time(nullptr);
    std::string text;
    if (status.last)
        text += fmt::format("{:<14}{}  {}\n", "node", sys::printable_text(status.last->run.node),
                            sys::printable(status.last->run.root));
    text += status.last ? line_of("last run", *status.last, now)
                        : fmt::format("{:<14}none is recorded\n", "last run");
    text += status.good ? line_of("last good run", *status.good, now)
                        : fmt::format("{:<14}none is recorded\n", "last good run");
    if (status.pending)
        text += fmt::format("{:<14}{}: {}\n", "pending", report::in_words(status.pending->counts),
                            state.hint("disco report " + status.pending->run.id));
    for (const Unconfirmed& one : status.unconfirmed)
        text += fmt::format("{:<14}{} will be undone in {} s unless it is confirmed: {}\n", "unconfirmed",
                            one.run, one.seconds, state.hint("disco confirm"));
    if (status.stale)
        text += fmt::format("{:<14}{}\n", "stale",
                            status.answered == -1 ? "every recorded disco-run ended with exit code 75"
                                                  : "every disco-run ended with exit code 75 since that of " +
                                                        sys::local_time(status.answered));
    if (status.is_in_use) text += fmt::format("{:<14}a run is under way\n", "now");
    for (const std::string& run : status.unfinished)
        text += fmt::format("{:<14}the merge of {} was interrupted: {}\n", "unfinished", run,
                            state.hint("disco recover"));
    for (const std::string& run : status.unreported)
        text += fmt::format(
            "{:<14}{} merged, and was killed before its end: which of its actions and checks ran is not "
            "known. Run again, and what is not done by that by hand; {} undoes it\n",
            "unreported", run, state.hint("disco rollback " + run));
    return text;
}

void append_summary(std::string& out, const char* name, const std::optional<ReportSummary>& summary) {
    report::append_key(out, name);
    if (!summary) {
        out += "null";
        return;
    }
    out += '{';
    report::append_run(out, summary->run);
    out += ',';
    report::append_counts(out, summary->counts);
    out += '}';
}

std::string json_of(const Status& status) {
    std::string text = "{";
    append_summary(text, "last", status.last);
    append_summary(text, "last_good", status.good);
    append_summary(text, "pending", status.pending);
    report::append_key(text, "unconfirmed");
    text += '[';
    for (const Unconfirmed& one : status.unconfirmed) {
        if (&one != &status.unconfirmed.front()) text += ',';
        text += '{';
        report::append_member(text, "id", one.run);
        text += fmt::format(",\"seconds\":{}}}", one.seconds);
    }
    text += ']';
    report::append_member(text, "unfinished", status.unfinished);
    report::append_member(text, "unreported", status.unreported);
    text += fmt::format(",\"in_use\":{},\"stale\":{}", status.is_in_use, status.stale);
    return text + fmt::format(",\"exit_code\":{}}}\n", model::to_int(verdict(status)));
}

} // namespace

int run_status(const Options& options) {
    const std::time_t since = moment_of_option("--max-age", options.runs.since);
    const run::StateDirectory state{options.dance.state_dir, run::StateDirectory::Missing::leave};
    const Status status = status_of(state, since);
    if (!status.last && status.unfinished.empty() && status.unreported.empty() && !status.damaged)
        throw sys::BadConfiguration{fmt::format("no dance is recorded in '{}'", state.runs().string())};
    write_to(STDOUT_FILENO, options.runs.json ? json_of(status) : text_of(status, state));
    return model::to_int(verdict(status));
}

} // namespace disco::cli
