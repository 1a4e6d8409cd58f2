#include "runner/report/html_sections.hpp"

#include "runner/report/html_words.hpp"
#include "runner/report/json_values.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace disco::report {
namespace {

using model::ModuleOutcome;

/// What a module failed by; none when no program did.
const model::Step* failed_step_of(const model::ModuleReport& module) {
    const auto found = std::find_if(module.steps.rbegin(), module.steps.rend(), failed);
    return found == module.steps.rend() ? nullptr : &*found;
}

/// The last lines of what a step printed; what comes before them lies further below, with all outputs.
void write_last_lines(HtmlWriter& html, const std::string& output) {
    constexpr std::size_t most = 20;
    const std::vector<std::string_view> lines = sys::lines_of(output);
    if (lines.empty()) return;
    const std::size_t first = lines.size() > most ? lines.size() - most : 0;
    if (first != 0)
        html.markup("<p class=\"muted\">… ")
            .line(counted(first, "earlier line", "earlier lines"))
            .markup(", see <a href=\"#outputs\">Output</a></p>\n");
    html.markup("<pre class=\"out\">");
    for (std::size_t i = first; i < lines.size(); ++i)
        html.text(sys::line_at_its_end(lines[i])).markup(i + 1 < lines.size() ? Markup{"\n"} : Markup{""});
    html.markup("</pre>\n");
}

void write_failed_module(HtmlWriter& html, const model::ModuleReport& module) {
    html.markup("<article class=\"problem\"><h3>module ")
        .name(title_of(module))
        .markup("</h3>\n<p><span class=\"fail\">✕ failed:</span> ")
        .text(module.reason)
        .markup("</p>\n");
    if (const model::Step* step = failed_step_of(module)) write_last_lines(html, step->output);
    html.markup("</article>\n");
}

void write_failed_step(HtmlWriter& html, const model::Step& step, const model::ModuleReport* module) {
    html.markup("<article class=\"problem\"><h3>")
        .line(model::to_string(step.phase))
        .markup(" <code>")
        .name(step.name)
        .markup("</code></h3>\n<p><span class=\"fail\">✕ failed:</span> ")
        .line(end_of(step));
    if (module != nullptr && !module->name.empty()) html.markup(", module ").name(module->name);
    html.markup("</p>\n");
    write_last_lines(html, step.output);
    html.markup("</article>\n");
}

void write_conflicts(HtmlWriter& html, const std::vector<model::Conflict>& conflicts) {
    if (conflicts.empty()) return;
    html.markup("<article class=\"problem\"><h3>")
        .line(counted(conflicts.size(), "conflict", "conflicts"))
        .markup("</h3>\n<ul class=\"list\">\n");
    for (const model::Conflict& conflict : conflicts)
        html.markup("<li><span class=\"fail\">! conflict:</span> <code>")
            .text(shown_name(conflict.path))
            .markup("</code>: expected ")
            .line(conflict.expected)
            .markup(", found: ")
            .line(conflict.found)
            .markup("</li>\n");
    html.markup("</ul></article>\n");
}

/// Calls `visit` for every action and check that failed, with its module, if it is of one.
template <class Visit> void for_each_failed_step(const model::RunReport& run, const Visit& visit) {
    for (const model::ModuleReport& module : run.modules)
        for (const model::Step& step : module.steps)
            if (follows_up(step) && failed(step)) visit(step, &module);
    for (const model::Step& step : run.metrics)
        if (follows_up(step) && failed(step)) visit(step, nullptr);
}

} // namespace

bool has_failures(const model::RunReport& run) {
    bool found = !run.failure.empty() || !run.merge.conflicts.empty() ||
                 std::any_of(run.modules.begin(), run.modules.end(),
                             [](const auto& module) { return module.outcome == ModuleOutcome::failed; });
    for_each_failed_step(run, [&](const model::Step&, const model::ModuleReport*) { found = true; });
    return found;
}

void write_failures(HtmlWriter& html, const model::RunReport& run) {
    if (!has_failures(run)) return;
    html.markup("<section id=\"failures\" aria-labelledby=\"failures-title\">\n"
                "<h2 id=\"failures-title\">Failures</h2>\n");
    if (!run.failure.empty())
        html.markup(
                "<article class=\"problem\"><h3>the run</h3>\n<p><span class=\"fail\">✕ ended early:</span> ")
            .text(run.failure)
            .markup("</p></article>\n");
    for (const model::ModuleReport& module : run.modules)
        if (module.outcome == ModuleOutcome::failed) write_failed_module(html, module);
    for_each_failed_step(run, [&](const model::Step& step, const model::ModuleReport* module) {
        // Where it is what its module failed by, it is above.
        const bool shown =
            module != nullptr && module->outcome == ModuleOutcome::failed && &step == &module->steps.back();
        if (!shown) write_failed_step(html, step, module);
    });
    write_conflicts(html, run.merge.conflicts);
    html.markup("</section>\n");
}

} // namespace disco::report
