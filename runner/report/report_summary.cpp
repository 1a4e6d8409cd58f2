#include "runner/report/report_summary.hpp"

#include "runner/report/stored_heading.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <fstream>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace disco::report {
namespace {

using nlohmann::json;

/// The report's first two lines, made an object of their own; nothing: they are longer than those of any
/// report. A string in JSON holds no newline.
std::string beginning_of(std::istream& text) {
    constexpr std::size_t most = std::size_t{1} << 20;
    std::string beginning;
    std::size_t lines = 0;
    for (char c = 0; lines < 2 && beginning.size() < most && text.get(c);) {
        if (c == '\n') ++lines;
        beginning += c;
    }
    if (lines < 2 || !beginning.ends_with(",\n")) return {};
    beginning.replace(beginning.size() - 2, 2, "}");
    return beginning;
}

std::optional<ReportSummary> parse_beginning(const std::string& beginning) {
    const json value = json::parse(beginning, nullptr, false);
    if (!value.is_object() || !value.contains("counts")) return std::nullopt;
    check_schema(value.at("schema"));
    const json& counts = value.at("counts");
    const json& actions = counts.at("actions");
    return ReportSummary{parse_heading(value.at("run")),
                         {.changes = counts.at("changes"),
                          .actions = {.pending = actions.at("pending"),
                                      .done = actions.at("done"),
                                      .failed = actions.at("failed")},
                          .failed_checks = counts.at("failed_checks")}};
}

} // namespace

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

ReportCounts counts_of(const model::RunReport& run) {
    ReportCounts counts;
    for (const model::ModuleReport& module : run.modules) {
        counts.changes += module.changes();
        for (const model::Step& step : module.steps)
            if (step.phase == model::Phase::check && (step.exit != 0 || step.signal != 0))
                ++counts.failed_checks;
    }
    counts.actions = model::count_actions(run.modules);
    return counts;
}

std::string in_words(const ReportCounts& counts) {
    std::string words = counted(counts.changes, "change", "changes");
    if (const std::size_t actions = counts.actions.all(); actions != 0)
        words += ", " + counted(actions, "action", "actions");
    if (counts.failed_checks != 0)
        words += ", " + counted(counts.failed_checks, "failed check", "failed checks");
    return words;
}

ReportSummary load_summary(const std::filesystem::path& file, const std::filesystem::path& scratch) {
    auto summary =
        sys::while_doing(fmt::format("reading the report '{}'", sys::printable(file.string())), [&] {
            try {
                ReportText text{file};
                return parse_beginning(beginning_of(text.stream()));
            } catch (const json::exception& error) {
                throw sys::BadConfiguration{fmt::format("it is damaged: {}", error.what())};
            }
        });
    if (summary) return *std::move(summary);
    model::RunReport run = load_report(file, scratch).run;
    const ReportCounts counts = counts_of(run);
    run.modules.clear();
    run.metrics.clear();
    return {std::move(run), counts};
}

} // namespace disco::report
