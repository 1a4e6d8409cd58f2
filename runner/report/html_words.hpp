#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/html_writer.hpp"
#include "runner/report/report_words.hpp"

#include <string>
#include <string_view>

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

/// "Merged and undone again": what an outcome means for the tree.
[[nodiscard]] std::string meaning_of(const model::RunReport& run);

} // namespace disco::report
