#include "runner/cli/runs_command.hpp"

#include "runner/cli/console.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/report/json_heading.hpp"
#include "runner/report/json_members.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/run/state.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/time_text.hpp"
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

/// One of the list.
struct ListedRun {
    std::string id;
    std::optional<report::ReportSummary> summary; ///< nothing: its report is not there
    std::string undo;                             ///< see undo::undo_words
};

bool fits(const ListedRun& run, const RunsOptions& wanted, std::time_t since) {
    const bool asks = !wanted.node.empty() || wanted.failed || wanted.live || since != -1;
    if (!run.summary) return !asks;
    const model::RunReport& report = run.summary->run;
    const auto code = report.exit_code;
    return (wanted.node.empty() || report.node == wanted.node) &&
           (!wanted.failed || (code != ExitCode::done && code != ExitCode::changes)) &&
           (!wanted.live || report.mode == model::RunMode::live) &&
           (since == -1 || sys::moment_of_timestamp(report.started) >= since);
}

/// Columns of one width each.
class Table {
public:
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] std::string text() const {
        const std::vector<std::size_t> widths = column_widths();
        std::string text;
        for (const auto& row : rows_) {
            std::string line;
            for (std::size_t column = 0; column < row.size(); ++column)
                line += fmt::format("{:<{}}  ", row[column], column < widths.size() ? widths[column] : 0);
            line.resize(line.find_last_not_of(' ') + 1);
            text += line + '\n';
        }
        return text;
    }

private:
    /// Of all but the last of each row.
    [[nodiscard]] std::vector<std::size_t> column_widths() const {
        std::vector<std::size_t> widths;
        for (const auto& row : rows_) {
            widths.resize(std::max(widths.size(), row.size() - 1));
            for (std::size_t column = 0; column + 1 < row.size(); ++column)
                widths[column] = std::max(widths[column], row[column].size());
        }
        return widths;
    }
    std::vector<std::vector<std::string>> rows_;
};

std::string undo_column(const ListedRun& run) { return run.undo.empty() ? "" : "  " + run.undo; }

std::string table_of(const std::vector<ListedRun>& runs) {
    Table table;
    // Of other programs' input the first word of each line is a run.
    const bool heading = ::isatty(STDOUT_FILENO) == 1;
    if (heading) table.add({"RUN", "MODE", "OUTCOME", "EXIT", "CHANGES", "STARTED", "TOOK", "NODE", "ROOT"});
    for (const ListedRun& run : runs) {
        if (!run.summary) {
            table.add({run.id, "live", "merged     ",
                       "without a report: it was removed, or the run was killed after its merge" +
                           undo_column(run)});
            continue;
        }
        const model::RunReport& report = run.summary->run;
        const std::time_t started = sys::moment_of_timestamp(report.started);
        table.add({run.id, model::to_string(report.mode),
                   fmt::format("{:<11}", model::to_string(report.outcome)),
                   fmt::format("exit {:<3}", model::to_int(report.exit_code)),
                   report::in_words(run.summary->counts),
                   started == -1 ? sys::printable_text(report.started) : sys::local_time(started),
                   sys::duration_in_words(report.wall_s), sys::printable_text(report.node),
                   sys::printable(report.root) + undo_column(run)});
    }
    return table.text();
}

std::string json_of(const std::vector<ListedRun>& runs) {
    std::string text = "[";
    for (const ListedRun& run : runs) {
        if (&run != &runs.front()) text += ",\n";
        text += '{';
        report::append_member(text, "id", run.id);
        if (run.summary) {
            text += ',';
            report::append_run(text, run.summary->run);
            text += ',';
            report::append_counts(text, run.summary->counts);
        }
        report::append_member_unless_empty(text, "undo", run.undo);
        text += '}';
    }
    return text + "]\n";
}

} // namespace

std::time_t moment_of_option(std::string_view option, const std::string& value) {
    if (value.empty()) return -1;
    const std::time_t moment = sys::moment_meant(value, std::time(nullptr));
    if (moment == -1)
        throw sys::UsageError{
            fmt::format("{} '{}' is no time: write an age (90s, 30m, 12h, 7d, 2w) or a date (2026-11-30, "
                        "'2026-11-30 14:05'; with a Z at the end in UTC)",
                        option, sys::printable_text(value))};
    return moment;
}

int run_runs(const Options& options) {
    const RunsOptions& wanted = options.runs;
    const std::time_t since = moment_of_option("--since", wanted.since);
    const run::StateDirectory state{options.dance.state_dir, run::StateDirectory::Missing::leave};
    ExitCode worst = ExitCode::done;
    const auto known = undo::known_runs(state);
    if (known.empty()) print_error(fmt::format("no run is recorded in '{}'", state.runs().string()));
    std::vector<ListedRun> runs;
    for (const std::string& id : known) {
        try {
            ListedRun run{id, {}, undo::undo_words(state, id)};
            if (sys::stat_path(state.report(id)))
                run.summary = report::load_summary(state.report(id), state.path() / "scratch");
            if (fits(run, wanted, since)) runs.push_back(std::move(run));
        } catch (const sys::Error& error) { // one damaged report does not hide the others
            print_error(fmt::format("run {}: {}", id, error.full_text()));
            worst = ExitCode::bad_configuration;
        }
    }
    if (wanted.json)
        write_to(STDOUT_FILENO, json_of(runs));
    else if (!runs.empty())
        write_to(STDOUT_FILENO, table_of(runs));
    else if (!known.empty())
        print_error("no recorded run is as asked for");
    return model::to_int(worst);
}

} // namespace disco::cli
