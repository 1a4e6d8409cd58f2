#include "runner/report/text_report.hpp"

#include "runner/model/action_queue.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/model/repetition.hpp"
#include "runner/report/json_values.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/report/report_words.hpp"
#include "runner/report/text_changes.hpp"
#include "runner/report/text_listing.hpp"
#include "runner/report/text_sum.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/shown_words.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::report {
namespace {

using model::ModuleOutcome;

/// What is asked for twice is noted when all modules are done.
std::size_t actions_to_run(const model::ModuleReport& module) {
    std::vector<const model::Action*> asked;
    for (const model::Action& action : module.actions) asked.push_back(&action);
    return std::min(model::count_actions(module).all(), model::plan_actions(asked).order.size());
}

/// "2 created, 1 modified, 1 action".
std::string counts(const model::ModuleReport& module) {
    std::string text = counts_in_words(module.change_counts);
    if (const std::size_t actions = actions_to_run(module); actions != 0)
        text += (text.empty() ? "" : ", ") + counted(actions, "action", "actions");
    return text.empty() ? "changed" : text; // all that it asks for, another module asked for before
}

/// What runs one command in the place of modules.
bool is_command(const model::ModuleReport& module) { return module.name.empty(); }

std::string name_of(const model::ModuleReport& module) {
    if (!module.name.empty() || module.is_shell()) return sys::printable(title_of(module));
    constexpr std::size_t longest = 40;
    const auto command = std::find_if(module.steps.begin(), module.steps.end(), [](const model::Step& step) {
        return step.phase == model::Phase::script;
    });
    const bool is_short = command != module.steps.end() && command->name.size() <= longest;
    return is_short ? sys::printable_line(command->name) : title_of(module);
}

/// That a module has nothing but actions is noted when all modules are done.
ModuleOutcome outcome_of(const model::ModuleReport& module) {
    return module.outcome == ModuleOutcome::in_sync && !module.actions.empty() ? ModuleOutcome::changed
                                                                               : module.outcome;
}

/// Writes the pieces of one run's report.
class Pieces {
public:
    Pieces(const model::RunReport& run, const TextStyle& style, const TextReport::Write& write)
        : run_{run}, style_{style}, paint_{style.color}, write_{write} {}

    void heading(std::size_t modules) {
        std::string text = run_.command;
        if (run_.mode == model::RunMode::noop) text += " --noop";
        text += fmt::format("  {}", run_.node);
        if (run_.root != "/") text += fmt::format("  {}", sys::printable(run_.root));
        if (!run_.command.starts_with("disco exec") && !run_.command.starts_with("disco shell"))
            text += "  " + counted(modules, "module", "modules");
        write_(paint_.bold(text) + "\n");
    }

    void module_line(const model::ModuleReport& module, std::size_t column) {
        std::string mark, said;
        switch (outcome_of(module)) {
        case ModuleOutcome::in_sync: mark = "=", said = "in sync"; break;
        case ModuleOutcome::changed: mark = paint_.yellow("~"), said = counts(module); break;
        case ModuleOutcome::failed: mark = paint_.red("x"), said = paint_.red("failed"); break;
        case ModuleOutcome::skipped:
            mark = "-", said = "skipped: " + sys::printable_line(module.reason);
            break;
        }
        const std::string time =
            module.outcome == ModuleOutcome::skipped ? "" : sys::duration_in_words(seconds_of(module.steps));
        const std::string left = fmt::format("{:<{}}  ", name_of(module), column);
        const std::size_t plain =
            2 + left.size() + (module.outcome == ModuleOutcome::failed ? 6 : said.size());
        const std::size_t room = std::min<std::size_t>(style_.width, 100);
        const std::size_t gap = plain + time.size() + 1 < room ? room - plain - time.size() : 2;
        write_(fmt::format("{} {}{}{}{}\n", mark, paint_.bold(left), said,
                           time.empty() ? "" : std::string(gap, ' '), time));
    }

    void module_details(const model::ModuleReport& module, const ChangeLog& changes) {
        const bool failed = module.outcome == ModuleOutcome::failed;
        if (module.changes() + module.packages.size() != 0 && !failed)
            write_listing(module, changes, style_, write_);
        if (!failed) shell_exit(module.steps);
        notices(module, 0);
        if (style_.detail == Detail::verbose) steps(module.steps);
    }

    void notices(const model::ModuleReport& module, std::size_t first) {
        for (std::size_t i = first; i < module.notices.size(); ++i) {
            const model::Notice& notice = module.notices[i];
            if (announces_action(notice, module)) continue;
            if (style_.detail == Detail::verbose || !model::tells_of_repetition(notice))
                write_(fmt::format("    {} {}\n", paint_.cyan(">"), sys::printable_line(notice.text)));
        }
    }

    void actions() {
        const model::ActionCounts all = model::count_actions(run_.modules);
        if (all.all() == 0) return;
        if (run_.modules.size() > 1) write_(paint_.bold("actions") + "\n");
        for (const model::ModuleReport& module : run_.modules)
            for (const model::Action& action : module.actions) {
                if (action.repeated) continue;
                write_(fmt::format("    {} {}{}\n", paint_.cyan(">"), action_in_words(action, run_.mode),
                                   whose(module)));
            }
    }

    void failures() {
        for (const model::ModuleReport& module : run_.modules)
            if (module.outcome == ModuleOutcome::failed) failure(module);
        if (style_.detail != Detail::verbose) failed_followups();
    }

    void metrics() {
        if (style_.detail != Detail::verbose || run_.metrics.empty()) return;
        write_(paint_.bold("the dance itself") + "\n");
        steps(run_.metrics);
    }

    void kept() {
        if (style_.detail == Detail::quiet) return;
        list(run_.merge.kept, [&](const std::string& path) {
            write_(fmt::format("{} kept as it is: {}\n", paint_.cyan("="), shown_name(path)));
        });
    }

    void conflicts() {
        list(run_.merge.conflicts, [&](const model::Conflict& conflict) {
            write_(fmt::format("{} conflict: {}: expected {}, found: {}\n", paint_.red("!"),
                               shown_name(conflict.path), sys::printable_line(conflict.expected),
                               sys::printable_line(conflict.found)));
        });
    }

    void sum() {
        if (!run_.failure.empty()) write_(paint_.red(sys::printable_text(run_.failure)) + "\n");
        const bool good =
            run_.exit_code == model::ExitCode::done || run_.exit_code == model::ExitCode::changes;
        const std::string said = sum_in_words(run_);
        write_(fmt::format("{}  ({}, run {})\n", good ? paint_.bold(said) : paint_.red(said),
                           sys::duration_in_words(run_.wall_s), run_.id));
    }

private:
    /// "  (nginx)" where there are several that it may be.
    [[nodiscard]] std::string whose(const model::ModuleReport& module) const {
        return run_.modules.size() < 2 || module.name.empty() ? "" : "  (" + name_of(module) + ")";
    }

    /// That of its last command, as a rule, and no failure.
    void shell_exit(const std::vector<model::Step>& steps) {
        for (const model::Step& step : steps)
            if (step.phase == model::Phase::shell && step.exit != 0)
                write_(fmt::format("    {} the shell exited with {}\n", paint_.cyan(">"), step.exit));
    }

    void failure(const model::ModuleReport& module) {
        const std::string reason = paint_.red(sys::printable_text(module.reason));
        write_(is_command(module)
                   ? fmt::format("    {}\n", reason)
                   : fmt::format("{} {}  {}\n", paint_.red("x"), paint_.bold(name_of(module)), reason));
        const bool shown_elsewhere = style_.detail == Detail::verbose || is_command(module);
        if (shown_elsewhere || module.steps.empty()) return;
        const model::Step& last = module.steps.back();
        if (failed(last)) output(last.output, 20);
    }

    /// What they printed is all that says why.
    void failed_followups() {
        for (const model::ModuleReport& module : run_.modules)
            for (const model::Step& step : module.steps) {
                if (!follows_up(step) || !failed(step)) continue;
                write_(fmt::format("{} {}{}\n", paint_.red("x"), sys::printable(step.name),
                                   module.name.empty() ? "" : "  (" + name_of(module) + ")"));
                output(step.output, 20);
            }
    }

    /// The last lines of what a step printed.
    void output(const std::string& printed, std::size_t limit) {
        const std::vector<std::string_view> lines = sys::lines_of(printed);
        const std::size_t first = lines.size() > limit ? lines.size() - limit : 0;
        if (first != 0) write_(fmt::format("      | … {} earlier\n", counted(first, "line", "lines")));
        for (std::size_t i = first; i < lines.size(); ++i)
            write_(fmt::format("      | {}\n", sys::printable_text(sys::line_at_its_end(lines[i]))));
    }

    void steps(const std::vector<model::Step>& all) {
        for (const model::Step& step : all) {
            const char* profile = model::to_string(step.profile);
            write_(fmt::format("    {} {}{}{}: {}, {}, {:.0f} ms of CPU, {} KiB\n", paint_.cyan("*"),
                               sys::printable(step.name), *profile == '\0' ? "" : " as ", profile,
                               end_of(step), sys::duration_in_words(step.wall_s),
                               (step.usage.user_s + step.usage.sys_s) * 1e3, step.usage.max_rss_kib));
            output(step.output, SIZE_MAX);
        }
    }

    /// Of a long list its beginning; the JSON report has all.
    template <class List, class WriteOne> void list(const List& all, const WriteOne& write_one) {
        constexpr std::size_t listed_at_most = 40, listed_then = 30;
        const bool cut = style_.detail != Detail::verbose && all.size() > listed_at_most;
        const std::size_t listed = cut ? listed_then : all.size();
        for (std::size_t i = 0; i < listed; ++i) write_one(all[i]);
        if (cut)
            write_(
                fmt::format("… and {} more (--verbose and the JSON report show all)\n", all.size() - listed));
    }

    const model::RunReport& run_;
    const TextStyle& style_;
    Paint paint_;
    const TextReport::Write& write_;
};

} // namespace

TextReport::TextReport(TextStyle style, Write write) : style_{std::move(style)}, write_{std::move(write)} {
    if (style_.ascii) write_ = [to = std::move(write_)](std::string_view piece) { to(in_ascii(piece)); };
}

void TextReport::begin(const model::RunReport& run, const std::vector<std::string>& modules) {
    begun_ = true;
    for (const std::string& name : modules) column_ = std::max(column_, sys::printable(name).size());
    column_ = std::min<std::size_t>(column_, 30);
    if (style_.detail != Detail::quiet) Pieces{run, style_, write_}.heading(modules.size());
}

void TextReport::add(const model::RunReport& run, const model::ModuleReport& module,
                     const ChangeLog& changes) {
    notices_.push_back(module.notices.size());
    if (style_.detail == Detail::quiet) return;
    Pieces pieces{run, style_, write_};
    pieces.module_line(module, column_);
    pieces.module_details(module, changes);
}

void TextReport::end(const model::RunReport& run, const ChangeLog& changes) {
    ended_ = true;
    followed_ = run.outcome != model::RunOutcome::pending;
    if (!begun_) {
        std::vector<std::string> names;
        for (const model::ModuleReport& module : run.modules) names.push_back(name_of(module));
        begin(run, names);
    }
    Pieces pieces{run, style_, write_};
    if (style_.detail != Detail::quiet)
        for (std::size_t i = 0; i < notices_.size() && i < run.modules.size(); ++i)
            if (notices_[i] < run.modules[i].notices.size()) pieces.notices(run.modules[i], notices_[i]);
    while (notices_.size() < run.modules.size()) add(run, run.modules[notices_.size()], changes);
    if (style_.detail != Detail::quiet) pieces.actions();
    pieces.kept();
    pieces.conflicts();
    pieces.failures();
    pieces.metrics();
    pieces.sum();
}

void TextReport::sum_up(const model::RunReport& run) {
    Pieces pieces{run, style_, write_};
    if (!std::exchange(followed_, true)) {
        pieces.conflicts();
        pieces.failures();
    }
    pieces.sum();
}

void write_text_report(const model::RunReport& run, const ChangeLog& changes, const TextStyle& style,
                       const std::function<void(std::string_view)>& write) {
    TextReport{style, write}.end(run, changes);
}

} // namespace disco::report
