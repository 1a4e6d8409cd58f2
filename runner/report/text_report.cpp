#include "runner/report/text_report.hpp"

#include "runner/model/exit_code.hpp"
#include "runner/model/repetition.hpp"
#include "runner/report/json_values.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/report/text_changes.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/shown_words.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

using model::ModuleOutcome;
using model::RunOutcome;

/// "2 created, 1 modified".
std::string counts(const model::ModuleReport& module) {
    std::string text;
    for (std::size_t kind = 0; kind < module.change_counts.size(); ++kind) {
        if (module.change_counts[kind] == 0) continue;
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {}", module.change_counts[kind],
                            model::to_string(static_cast<model::ChangeKind>(kind)));
    }
    if (const std::size_t actions = model::count_actions(module).all(); actions != 0)
        text += (text.empty() ? "" : ", ") + counted(actions, "action", "actions");
    return text.empty() ? "changed" : text; // all that it asks for, another module asked for before
}

/// "2 actions done, 1 failed", after what `text` says already.
void add_actions(std::string& text, const model::ActionCounts& actions) {
    bool first = true;
    const auto add = [&](std::size_t count, std::string_view outcome) {
        if (count == 0) return;
        if (!text.empty()) text += ", ";
        text += first ? counted(count, "action", "actions") : fmt::format("{}", count);
        text += fmt::format(" {}", outcome);
        first = false;
    };
    add(actions.done, "done");
    add(actions.failed, "failed");
    add(actions.pending, "pending");
}

class TextReport {
public:
    TextReport(const model::RunReport& run, const ChangeLog& changes, const TextStyle& style,
               const std::function<void(std::string_view)>& write)
        : run_{run}, changes_{changes}, style_{style}, paint_{style.color}, write_{write} {}

    void write() {
        const bool quiet = style_.detail == Detail::quiet;
        if (!quiet) write_heading();
        std::size_t width = 8;
        for (const model::ModuleReport& module : run_.modules)
            width = std::max(width, name_of(module).size());
        for (const model::ModuleReport& module : run_.modules) {
            if (quiet && module.outcome != ModuleOutcome::failed) continue;
            write_module(module, std::min<std::size_t>(width, 30));
        }
        if (!quiet) write_kept();
        write_conflicts();
        if (style_.detail != Detail::verbose) write_failed_actions();
        if (style_.detail == Detail::verbose) write_metrics();
        write_sum();
    }

private:
    [[nodiscard]] bool is_exec() const { return run_.modules.size() == 1 && run_.modules[0].name.empty(); }
    [[nodiscard]] std::string name_of(const model::ModuleReport& module) const {
        if (module.is_shell()) return "shell";
        return module.name.empty() ? "command" : sys::printable(module.name);
    }

    void write_heading() {
        std::string text = run_.command;
        if (run_.mode == model::RunMode::noop) text += " --noop";
        text += fmt::format("  {}", run_.node);
        if (run_.root != "/") text += fmt::format("  {}", sys::printable(run_.root));
        if (!is_exec()) text += "  " + counted(run_.modules.size(), "module", "modules");
        write_(paint_.bold(text) + "\n");
    }

    void write_module(const model::ModuleReport& module, std::size_t width) {
        std::string mark, said;
        switch (module.outcome) {
        case ModuleOutcome::in_sync: mark = "=", said = "in sync"; break;
        case ModuleOutcome::changed: mark = paint_.yellow("~"), said = counts(module); break;
        case ModuleOutcome::failed: mark = paint_.red("x"), said = paint_.red("failed"); break;
        case ModuleOutcome::skipped:
            mark = "-", said = "skipped: " + sys::printable_line(module.reason);
            break;
        }
        double seconds = 0;
        for (const model::Step& step : module.steps) seconds += step.wall_s;
        const std::string time =
            module.outcome == ModuleOutcome::skipped ? "" : sys::duration_in_words(seconds);
        const std::string left = fmt::format("{:<{}}  ", name_of(module), width);
        const std::size_t plain =
            2 + left.size() + (module.outcome == ModuleOutcome::failed ? 6 : said.size());
        const std::size_t room = std::min<std::size_t>(style_.width, 100);
        const std::size_t gap = plain + time.size() + 1 < room ? room - plain - time.size() : 2;
        write_(fmt::format("{} {}{}{}{}\n", mark, paint_.bold(left), said,
                           time.empty() ? "" : std::string(gap, ' '), time));
        if (module.outcome == ModuleOutcome::failed) write_failure(module);
        if (style_.detail == Detail::quiet) return;
        if (module.changes() != 0 && module.outcome != ModuleOutcome::failed) write_changes(module);
        if (module.outcome != ModuleOutcome::failed) write_shell_exit(module.steps);
        for (const model::Notice& notice : module.notices)
            if (style_.detail == Detail::verbose || !model::tells_of_repetition(notice))
                write_(fmt::format("    {} {}\n", paint_.cyan(">"), sys::printable_line(notice.text)));
        for (const model::Action& action : module.actions)
            if (run_.mode == model::RunMode::live || !told(action, module.notices))
                write_(fmt::format("    {} {}: {}\n", paint_.cyan(">"), model::to_string(action.outcome),
                                   sys::shown_words(action.argv)));
        if (style_.detail == Detail::verbose) write_steps(module.steps);
    }

    /// In a no-op the notices tell of actions.
    static bool told(const model::Action& action, const std::vector<model::Notice>& notices) {
        return std::any_of(notices.begin(), notices.end(), [&](const model::Notice& notice) {
            return notice.kind == model::NoticeKind::would_execute && notice.argv == action.argv;
        });
    }

    /// That of its last command, as a rule, and no failure.
    void write_shell_exit(const std::vector<model::Step>& steps) {
        for (const model::Step& step : steps)
            if (step.phase == model::Phase::shell && step.exit != 0)
                write_(fmt::format("    {} the shell exited with {}\n", paint_.cyan(">"), step.exit));
    }

    void write_failure(const model::ModuleReport& module) {
        write_(fmt::format("    {}\n", paint_.red(sys::printable_text(module.reason))));
        const bool shown_elsewhere =
            style_.detail == Detail::quiet || style_.detail == Detail::verbose || is_exec();
        if (shown_elsewhere || module.steps.empty()) return;
        const model::Step& last = module.steps.back();
        if (last.exit == 0 && last.signal == 0) return;
        write_output(last.output, 20);
    }

    /// The last lines of what a step printed.
    void write_output(const std::string& output, std::size_t limit) {
        const std::vector<std::string_view> lines = sys::lines_of(output);
        const std::size_t first = lines.size() > limit ? lines.size() - limit : 0;
        if (first != 0) write_(fmt::format("      | … {} earlier\n", counted(first, "line", "lines")));
        for (std::size_t i = first; i < lines.size(); ++i)
            write_(fmt::format("      | {}\n", sys::printable_text(sys::line_at_its_end(lines[i]))));
    }

    void write_changes(const model::ModuleReport& module) {
        constexpr std::size_t listed_at_most = 200, listed_then = 100;
        const std::size_t count = module.changes();
        const bool cut = style_.detail == Detail::changes && count > listed_at_most;
        const std::size_t listed = cut ? listed_then : count;
        changes_.for_each(module.first_change, listed, [&](const RecordedChange& change) {
            write_(change_text(change, style_.detail, paint_));
        });
        if (cut)
            write_(fmt::format("    … and {} more (--diff and the JSON report show all)\n", count - listed));
    }

    void write_steps(const std::vector<model::Step>& steps) {
        for (const model::Step& step : steps) {
            const std::string end =
                step.signal != 0 ? fmt::format("signal {}", step.signal) : fmt::format("exit {}", step.exit);
            const char* profile = model::to_string(step.profile);
            write_(fmt::format("    {} {}{}{}: {}, {}, {:.0f} ms of CPU, {} KiB\n", paint_.cyan("*"),
                               sys::printable(step.name), *profile == '\0' ? "" : " as ", profile, end,
                               sys::duration_in_words(step.wall_s),
                               (step.usage.user_s + step.usage.sys_s) * 1e3, step.usage.max_rss_kib));
            write_output(step.output, SIZE_MAX);
        }
    }

    /// What they printed is all that says why, so it is shown with --quiet, too.
    void write_failed_actions() {
        for (const model::ModuleReport& module : run_.modules)
            for (const model::Step& step : module.steps) {
                if (step.phase != model::Phase::action || (step.exit == 0 && step.signal == 0)) continue;
                write_(fmt::format("{} {}{}\n", paint_.red("x"), sys::printable(step.name),
                                   module.name.empty() ? "" : "  (" + name_of(module) + ")"));
                write_output(step.output, 20);
            }
    }

    void write_metrics() {
        if (run_.metrics.empty()) return;
        write_(paint_.bold("the dance itself") + "\n");
        write_steps(run_.metrics);
    }

    /// Of a long list its beginning; the JSON report has all.
    template <class List, class Write> void write_list(const List& list, const Write& write_one) {
        constexpr std::size_t listed_at_most = 40, listed_then = 30;
        const bool cut = style_.detail != Detail::verbose && list.size() > listed_at_most;
        const std::size_t listed = cut ? listed_then : list.size();
        for (std::size_t i = 0; i < listed; ++i) write_one(list[i]);
        if (cut)
            write_(fmt::format("… and {} more (--verbose and the JSON report show all)\n",
                               list.size() - listed));
    }

    void write_kept() {
        write_list(run_.merge.kept, [&](const std::string& path) {
            write_(fmt::format("{} kept as it is: {}\n", paint_.cyan("="), shown_name(path)));
        });
    }

    void write_conflicts() {
        write_list(run_.merge.conflicts, [&](const model::Conflict& conflict) {
            write_(fmt::format("{} conflict: {}: expected {}, found: {}\n", paint_.red("!"),
                               shown_name(conflict.path), sys::printable_line(conflict.expected),
                               sys::printable_line(conflict.found)));
        });
    }

    void write_sum() {
        std::size_t changes = 0, failed = 0;
        for (const model::ModuleReport& module : run_.modules) {
            if (module.outcome == ModuleOutcome::changed) changes += module.changes();
            if (module.outcome == ModuleOutcome::failed) ++failed;
        }
        const model::ActionCounts actions = model::count_actions(run_.modules);
        const std::string many = counted(changes, "change", "changes");
        const bool noop = run_.mode == model::RunMode::noop;
        if (!run_.failure.empty()) write_(paint_.red(sys::printable_text(run_.failure)) + "\n");
        std::string text;
        switch (run_.outcome) {
        case RunOutcome::in_sync: text = "in sync, nothing to change"; break;
        case RunOutcome::pending:
            if (changes != 0 || actions.all() == 0)
                text = many + (noop && actions.all() == 0 ? " pending" : "");
            add_actions(text, actions);
            text += changes != 0 || actions.all() == 0 ? ", nothing was merged" : ", nothing was run";
            break;
        case RunOutcome::merged:
            if (changes != 0 || actions.all() == 0) text = many + " merged";
            add_actions(text, actions);
            break;
        case RunOutcome::failed:
            text = run_.exit_code == model::ExitCode::undone
                       ? "the merge failed, and not all of it could be undone"
                   : failed == 0
                       ? "failed, nothing was merged"
                       : fmt::format("{} failed, nothing {} merged", counted(failed, "module", "modules"),
                                     noop ? "would be" : "was");
            break;
        case RunOutcome::conflict:
            text = fmt::format("{}, nothing was merged: the tree changed {}",
                               counted(run_.merge.conflicts.size(), "conflict", "conflicts"),
                               run_.command == "disco apply"      ? "since the plan was made; make a new one"
                               : run_.command == "disco rollback" ? "since that merge; look at it"
                                                                  : "meanwhile; look at it and run again");
            break;
        case RunOutcome::undone: text = "merged and undone again"; break;
        case RunOutcome::interrupted: text = "interrupted, nothing was merged"; break;
        }
        if (!run_.merge.kept.empty() &&
            (run_.outcome == RunOutcome::merged || run_.outcome == RunOutcome::pending))
            text += fmt::format(", {} kept", run_.merge.kept.size());
        write_(fmt::format("{}  ({}, run {})\n", paint_.bold(text), sys::duration_in_words(run_.wall_s),
                           run_.id));
    }

    const model::RunReport& run_;
    const ChangeLog& changes_;
    const TextStyle& style_;
    Paint paint_;
    const std::function<void(std::string_view)>& write_;
};

} // namespace

void write_text_report(const model::RunReport& run, const ChangeLog& changes, const TextStyle& style,
                       const std::function<void(std::string_view)>& write) {
    TextReport{run, changes, style, write}.write();
}

} // namespace disco::report
