#include "runner/report/html_sections.hpp"

#include "runner/report/html_words.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

using model::Phase;
using model::Step;

/// Steps under one name: of a module, or of the dance itself.
struct Block {
    std::string title;
    std::vector<const Step*> steps;
};

double seconds_of(const Block& block) {
    double seconds = 0;
    for (const Step* step : block.steps) seconds += step->wall_s;
    return seconds;
}

/// In the order of the run, which fetches before the modules, and merges after them.
std::vector<Block> blocks_of(const model::RunReport& run) {
    std::vector<Block> blocks(1);
    blocks[0].title = "before the modules";
    for (const Step& step : run.metrics)
        if (step.phase == Phase::fetch) blocks[0].steps.push_back(&step);
    for (const model::ModuleReport& module : run.modules) {
        Block& block = blocks.emplace_back(Block{title_of(module), {}});
        for (const Step& step : module.steps) block.steps.push_back(&step);
    }
    Block& last = blocks.emplace_back(Block{"after the modules", {}});
    for (const Step& step : run.metrics)
        if (step.phase != Phase::fetch) last.steps.push_back(&step);
    std::erase_if(blocks, [](const Block& block) { return block.steps.empty(); });
    return blocks;
}

Markup bar_of(Phase phase) {
    switch (phase) {
    case Phase::fetch: return "p-fetch";
    case Phase::files: return "p-files";
    case Phase::template_: return "p-template";
    case Phase::script: return "p-script";
    case Phase::shell: return "p-shell";
    case Phase::diff: return "p-diff";
    case Phase::check: return "p-check";
    case Phase::action: return "p-action";
    case Phase::merge: break;
    }
    return "p-merge";
}

/// In thousandths of the whole.
class Bars {
public:
    Bars(HtmlWriter& html, double whole) : html_{html}, scale_{whole > 0 ? 1000 / whole : 0} {}

    void write(const Block& block) {
        html_.markup("<dt>")
            .name(block.title)
            .markup("</dt><dd class=\"took\">")
            .line(sys::duration_in_words(seconds_of(block)))
            .markup("</dd><dd class=\"bar\"><svg viewBox=\"0 0 1000 10\" "
                    "preserveAspectRatio=\"none\" aria-hidden=\"true\">");
        for (const Step* step : block.steps) {
            phases_.insert(step->phase);
            constexpr double thinnest = 1.5;
            const double width = std::max(step->wall_s * scale_, thinnest);
            html_.markup("<rect class=\"")
                .markup(bar_of(step->phase))
                .markup("\" x=\"")
                .line(fmt::format("{:.2f}", std::min(begin_ * scale_, 1000 - thinnest)))
                .markup("\" width=\"")
                .line(fmt::format("{:.2f}", width))
                .markup("\" height=\"10\"><title>")
                .name(step->name)
                .markup(": ")
                .line(sys::duration_in_words(step->wall_s))
                .markup("</title></rect>");
            begin_ += step->wall_s;
        }
        html_.markup("</svg></dd>\n");
    }
    void write_legend() {
        html_.markup("<ul class=\"legend\">");
        for (const Phase phase : phases_)
            html_.markup("<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"")
                .markup(bar_of(phase))
                .markup("\" width=\"10\" height=\"10\"></rect></svg> ")
                .line(model::to_string(phase))
                .markup("</li>");
        html_.markup("</ul>\n");
    }

private:
    HtmlWriter& html_;
    double scale_, begin_ = 0;
    std::set<Phase> phases_;
};

void write_cells(HtmlWriter& html, double wall_s, const model::ResourceUsage& usage) {
    for (const double seconds : {wall_s, usage.user_s, usage.sys_s})
        html.markup("<td>").line(fmt::format("{:.1f}", seconds * 1e3)).markup("</td>");
    for (const std::int64_t count :
         {usage.max_rss_kib, usage.minor_faults, usage.major_faults, usage.blocks_in, usage.blocks_out,
          usage.switches_voluntary, usage.switches_involuntary})
        html.markup("<td>").line(std::to_string(count)).markup("</td>");
    html.markup("</tr>\n");
}

void write_sum(HtmlWriter& html, std::string_view title, const std::vector<Block>& blocks) {
    double wall_s = 0;
    model::ResourceUsage usage;
    for (const Block& block : blocks)
        for (const Step* step : block.steps) {
            wall_s += step->wall_s;
            usage = usage + step->usage;
        }
    html.markup("<tr class=\"sum\"><th scope=\"row\">").name(title).markup("</th><td></td><td></td>");
    write_cells(html, wall_s, usage);
}

void write_row(HtmlWriter& html, const Step& step) {
    const std::string phase = model::to_string(step.phase);
    html.markup("<tr><th scope=\"row\">");
    if (!step.name.starts_with(phase)) html.line(phase).markup(" ");
    html.markup("<code>").name(step.name).markup("</code></th><td class=\"l\">");
    html.line(model::to_string(step.profile))
        .markup(failed(step) ? Markup{"</td><td class=\"fail\">✕ "} : Markup{"</td><td>"});
    html.line(end_of(step)).markup("</td>");
    write_cells(html, step.wall_s, step.usage);
}

} // namespace

bool has_steps(const model::RunReport& run) { return !blocks_of(run).empty(); }

void write_time_line(HtmlWriter& html, const model::RunReport& run) {
    const std::vector<Block> blocks = blocks_of(run);
    if (blocks.empty()) return;
    double whole = 0;
    for (const Block& block : blocks) whole += seconds_of(block);
    html.markup("<section id=\"times\" aria-labelledby=\"times-title\">\n<h2 id=\"times-title\">Time line "
                "<span class=\"n\">")
        .line(sys::duration_in_words(run.wall_s))
        .markup("</span></h2>\n<dl class=\"bars\">\n");
    Bars bars{html, whole};
    for (const Block& block : blocks) bars.write(block);
    html.markup("</dl>\n");
    bars.write_legend();
    html.markup("<p class=\"muted\">The steps in their order, each as long as it took: ")
        .line(sys::duration_in_words(whole))
        .markup(" together. The figures are in the table at the end.</p>\n</section>\n");
}

bool has_outputs(const model::RunReport& run) {
    for (const Block& block : blocks_of(run))
        for (const Step* step : block.steps)
            if (!step->output.empty()) return true;
    return false;
}

void write_outputs(HtmlWriter& html, const model::RunReport& run) {
    if (!has_outputs(run)) return;
    html.markup(
        "<section id=\"outputs\" aria-labelledby=\"outputs-title\">\n<h2 id=\"outputs-title\">Output</h2>\n"
        "<ul class=\"list\">\n");
    for (const Block& block : blocks_of(run))
        for (const Step* step : block.steps) {
            if (step->output.empty()) continue;
            const std::vector<std::string_view> lines = sys::lines_of(step->output);
            html.markup("<li><details><summary>").name(block.title).markup(" <code>").name(step->name);
            html.markup("</code> <span class=\"muted\">").line(counted(lines.size(), "line", "lines"));
            html.markup("</span></summary><pre class=\"out\">");
            for (const std::string_view line : lines) html.text(sys::line_at_its_end(line)).markup("\n");
            html.markup("</pre></details></li>\n");
        }
    html.markup("</ul>\n</section>\n");
}

void write_steps(HtmlWriter& html, const model::RunReport& run) {
    const std::vector<Block> blocks = blocks_of(run);
    if (blocks.empty()) return;
    html.markup(
        "<section id=\"steps\" aria-labelledby=\"steps-title\">\n<h2 id=\"steps-title\">Figures</h2>\n"
        "<section class=\"scroll\" aria-label=\"Table of figures\" tabindex=\"0\">\n<table>\n"
        "<thead><tr><th scope=\"col\">Step</th><th scope=\"col\" class=\"l\">Profile</th>"
        "<th scope=\"col\">End</th><th scope=\"col\">Wall<br>ms</th><th scope=\"col\">User<br>ms</th>"
        "<th scope=\"col\">System<br>ms</th><th scope=\"col\">Memory<br>KiB</th>"
        "<th scope=\"col\">Minor<br>faults</th><th scope=\"col\">Major<br>faults</th>"
        "<th scope=\"col\">Blocks<br>in</th><th scope=\"col\">Blocks<br>out</th>"
        "<th scope=\"col\">Switches<br>voluntary</th><th "
        "scope=\"col\">Switches<br>forced</th></tr></thead>\n");
    for (const Block& block : blocks) {
        html.markup("<tbody>\n");
        write_sum(html, block.title, {block});
        for (const Step* step : block.steps) write_row(html, *step);
        html.markup("</tbody>\n");
    }
    html.markup("<tfoot>\n");
    write_sum(html, "sum of the steps", blocks);
    html.markup("</tfoot>\n</table>\n</section>\n</section>\n");
}

} // namespace disco::report
