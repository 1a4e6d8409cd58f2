#include "runner/report/openmetrics_report.hpp"

#include "runner/model/words.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/report/report_words.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/time_text.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

/// The three that the format escapes; there are no others, as names are printable here.
std::string escaped(const std::string& value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? std::string{"\\n"} : std::string(1, c);
    }
    return out;
}

class Metrics {
public:
    void begin(const char* name, const char* help) {
        name_ = name;
        text_ += fmt::format("# HELP {} {}\n# TYPE {} gauge\n", name, help, name);
    }
    template <class Number> void add(const Labels& labels, Number value) {
        std::string inside;
        for (const auto& [label, text] : labels)
            inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", label, escaped(text));
        text_ += fmt::format("{}{} {}\n", name_, inside.empty() ? "" : "{" + inside + "}", value);
    }
    [[nodiscard]] std::string end() { return std::move(text_) + "# EOF\n"; }

private:
    const char* name_ = "";
    std::string text_;
};

void add_run(Metrics& metrics, const model::RunReport& run) {
    metrics.begin("disco_run_info", "What this run was.");
    metrics.add({{"node", sys::printable(run.node)},
                 {"mode", model::to_string(run.mode)},
                 {"outcome", model::to_string(run.outcome)},
                 {"root", sys::printable(run.root)},
                 {"run", run.id},
                 {"version", run.version}},
                1);
    metrics.begin("disco_run_exit_code", "Its exit code: 0 done, 2 changes, 4 and more a failure.");
    metrics.add({}, model::to_int(run.exit_code));
    metrics.begin("disco_run_start_time_seconds", "When it began, since the epoch.");
    metrics.add({}, sys::moment_of_timestamp(run.started));
    metrics.begin("disco_run_duration_seconds", "How long it took.");
    metrics.add({}, run.wall_s);
}

void add_counts(Metrics& metrics, const model::RunReport& run) {
    metrics.begin("disco_run_changes", "Changes of modules that did not fail, pending or merged.");
    for (const model::ChangeKind kind : model::all_values<model::ChangeKind>()) {
        std::size_t count = 0;
        for (const model::ModuleReport& module : run.modules)
            if (module.outcome == model::ModuleOutcome::changed)
                count += module.change_counts.at(static_cast<std::size_t>(kind));
        metrics.add({{"kind", model::to_string(kind)}}, count);
    }
    const ReportCounts counts = counts_of(run);
    metrics.begin("disco_run_actions", "Actions by what became of them.");
    metrics.add({{"outcome", "pending"}}, counts.actions.pending);
    metrics.add({{"outcome", "done"}}, counts.actions.done);
    metrics.add({{"outcome", "failed"}}, counts.actions.failed);
    metrics.begin("disco_run_modules", "Modules by what became of them.");
    for (const model::ModuleOutcome outcome : model::all_values<model::ModuleOutcome>()) {
        std::size_t count = 0;
        for (const model::ModuleReport& module : run.modules) count += module.outcome == outcome ? 1 : 0;
        metrics.add({{"outcome", model::to_string(outcome)}}, count);
    }
    metrics.begin("disco_run_failed_checks", "Checks that failed.");
    metrics.add({}, counts.failed_checks);
    metrics.begin("disco_run_conflicts", "Conflicts that kept the merge from being done.");
    metrics.add({}, run.merge.conflicts.size());
}

void add_modules(Metrics& metrics, const model::RunReport& run) {
    if (run.modules.empty()) return;
    metrics.begin("disco_module_changes", "Changes of each module.");
    for (const model::ModuleReport& module : run.modules)
        metrics.add({{"module", sys::printable(title_of(module))}}, module.changes());
    metrics.begin("disco_module_duration_seconds", "How long each module's steps took.");
    for (const model::ModuleReport& module : run.modules)
        metrics.add({{"module", sys::printable(title_of(module))}}, seconds_of(module.steps));
}

} // namespace

void write_openmetrics_report(const model::RunReport& run, const ChangeLog& /*changes*/,
                              Contents /*contents*/, const std::function<void(std::string_view)>& write) {
    Metrics metrics;
    add_run(metrics, run);
    add_counts(metrics, run);
    add_modules(metrics, run);
    write(metrics.end());
}

} // namespace disco::report
