#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/html_writer.hpp"

#include <string>
#include <vector>

// How a page shows what became of something: never by its colour alone.
namespace disco::report {

struct Look {
    Markup colour; ///< class of the style: fail, wait, good or none
    Markup symbol;
};
[[nodiscard]] Look look_of(model::ModuleOutcome outcome);
/// A merged run whose actions or checks failed is no good one.
[[nodiscard]] Look look_of(model::RunOutcome outcome, model::ExitCode code);
[[nodiscard]] Look look_of(model::ActionOutcome outcome);
[[nodiscard]] Look look_of(model::ChangeKind kind); ///< its symbol alone counts

/// "✕ failed" in a badge.
void write_badge(HtmlWriter& html, const Look& look, std::string_view word);

/// "nginx", or what a command without modules is called.
[[nodiscard]] std::string title_of(const model::ModuleReport& module);

/// "Merged and undone again": what an outcome means for the tree.
[[nodiscard]] std::string meaning_of(const model::RunReport& run);

/// "exit 1", "signal 9".
[[nodiscard]] std::string end_of(const model::Step& step);
[[nodiscard]] bool failed(const model::Step& step);

[[nodiscard]] double seconds_of(const std::vector<model::Step>& steps);

} // namespace disco::report
