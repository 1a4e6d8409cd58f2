#include "runner/report/html_sections.hpp"

#include "runner/model/exit_code.hpp"
#include "runner/report/html_words.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace disco::report {
namespace {

/// "2026-01-31 23:59:59 UTC" of a time stamp.
std::string in_utc(const std::string& started) {
    if (sys::moment_of_timestamp(started) == -1) return started;
    return started.substr(0, 10) + " " + started.substr(11, 8) + " UTC";
}

/// "5 modules: 1 changed, 2 failed".
std::string tally(const model::RunReport& run) {
    std::string text;
    for (const auto outcome : {model::ModuleOutcome::failed, model::ModuleOutcome::changed,
                               model::ModuleOutcome::skipped, model::ModuleOutcome::in_sync}) {
        const auto count = std::count_if(run.modules.begin(), run.modules.end(),
                                         [&](const auto& module) { return module.outcome == outcome; });
        if (count == 0) continue;
        const char* word = outcome == model::ModuleOutcome::in_sync ? "in sync" : model::to_string(outcome);
        text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", count, word);
    }
    return counted(run.modules.size(), "module", "modules") + text;
}

void write_fact(HtmlWriter& html, Markup what, std::string_view said) {
    if (said.empty()) return;
    html.markup("<div><dt>").markup(what).markup("</dt><dd>").line(said).markup("</dd></div>\n");
}

void write_links(HtmlWriter& html, const model::RunReport& run) {
    html.markup("<nav aria-label=\"Parts of the report\"><ul>\n");
    if (has_failures(run)) html.markup("<li><a href=\"#failures\">Failures</a></li>\n");
    html.markup("<li><a href=\"#changes\">Changes</a></li>\n");
    if (has_actions(run)) html.markup("<li><a href=\"#actions\">Actions</a></li>\n");
    if (has_notices(run)) html.markup("<li><a href=\"#notices\">Notices</a></li>\n");
    if (has_steps(run)) html.markup("<li><a href=\"#times\">Time line</a></li>\n");
    if (has_requirements(run)) html.markup("<li><a href=\"#order\">Order</a></li>\n");
    if (has_outputs(run)) html.markup("<li><a href=\"#outputs\">Output</a></li>\n");
    if (has_steps(run)) html.markup("<li><a href=\"#steps\">Figures</a></li>\n");
    html.markup("</ul></nav>\n");
}

} // namespace

void write_heading(HtmlWriter& html, const model::RunReport& run) {
    html.markup("<a class=\"skip\" href=\"#changes\">To the changes</a>\n<header>\n<p class=\"of\">")
        .line(run.command);
    if (run.mode == model::RunMode::noop) html.markup(" --noop");
    html.markup("</p>\n<h1>").line(run.node).markup(" ");
    write_badge(html, look_of(run.outcome, run.exit_code), model::to_string(run.outcome));
    html.markup("</h1>\n<p class=\"said\">")
        .line(meaning_of(run))
        .markup(". ")
        .line(in_words(counts_of(run)));
    if (run.modules.size() != 1 || !run.modules.front().name.empty()) html.markup("; ").line(tally(run));
    html.markup(".</p>\n<dl class=\"facts\">\n");
    write_fact(html, "Mode", run.mode == model::RunMode::noop ? "noop: nothing is merged" : "live");
    write_fact(html, "Exit code", std::to_string(model::to_int(run.exit_code)));
    html.markup("<div><dt>Started</dt><dd><time datetime=\"")
        .line(run.started)
        .markup("\">")
        .line(in_utc(run.started))
        .markup("</time></dd></div>\n");
    write_fact(html, "Took", sys::duration_in_words(run.wall_s));
    write_fact(html, "Root", run.root == "/" ? run.root : sys::printable(run.root));
    write_fact(html, "Run", run.id);
    if (run.merge.steps != 0) write_fact(html, "Steps of the merge", std::to_string(run.merge.steps));
    if (!run.fingerprint.empty())
        html.markup("<div class=\"wide\"><dt>Fingerprint of the changes</dt><dd><code>")
            .line(run.fingerprint)
            .markup("</code></dd></div>\n");
    html.markup("</dl>\n</header>\n");
    write_links(html, run);
}

} // namespace disco::report
