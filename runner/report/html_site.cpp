#include "runner/report/html_site.hpp"

#include "runner/report/html_page.hpp"
#include "runner/report/html_words.hpp"
#include "runner/report/html_writer.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::report {
namespace {

Look look_of(NodeState state) {
    switch (state) {
    case NodeState::failed: return {"fail", "✕"};
    case NodeState::unreported: return {"none", "?"};
    case NodeState::pending: return {"wait", "~"};
    case NodeState::clean: break;
    }
    return {"good", "✓"};
}

void write_tiles(HtmlWriter& html, const std::vector<SiteNode>& nodes) {
    html.markup("<ul class=\"tiles\">\n");
    for (const NodeState state :
         {NodeState::pending, NodeState::clean, NodeState::failed, NodeState::unreported}) {
        const Look look = look_of(state);
        const auto count = std::count_if(nodes.begin(), nodes.end(),
                                         [&](const SiteNode& node) { return node.state == state; });
        html.markup("<li><b>")
            .number(static_cast<std::size_t>(count))
            .markup("</b> <span class=\"")
            .markup(look.colour)
            .markup("\">")
            .markup(look.symbol)
            .markup(" ")
            .line(to_string(state))
            .markup("</span></li>\n");
    }
    html.markup("</ul>\n");
}

void write_link(HtmlWriter& html, const SiteRun& run, std::string_view text) {
    html.markup("<a href=\"")
        .line(run.page)
        .markup("\">")
        .line(text.empty() ? "(no name)" : text)
        .markup("</a>");
}

/// "2026-01-31 23:59:59".
void write_moment(HtmlWriter& html, const std::string& started) {
    std::string shown = started;
    if (sys::moment_of_timestamp(started) != -1) shown = started.substr(0, 10) + " " + started.substr(11, 8);
    html.markup("<time datetime=\"").line(started).markup("\">").line(shown).markup("</time>");
}

std::string age_of(const model::RunReport& run, std::time_t now) {
    const std::time_t started = sys::moment_of_timestamp(run.started);
    if (started == -1) return "not known";
    return started > now ? "in the future" : sys::duration_in_words(static_cast<double>(now - started));
}

void write_nodes(HtmlWriter& html, const Site& site, const std::vector<SiteNode>& nodes) {
    html.markup("<section id=\"nodes\" aria-labelledby=\"nodes-title\">\n<h2 id=\"nodes-title\">Nodes</h2>\n"
                "<div class=\"tools\" role=\"search\" hidden><label class=\"vh\" for=\"filter\">Filter by "
                "node</label>"
                "<input id=\"filter\" type=\"search\" placeholder=\"Filter by node\" autocomplete=\"off\" "
                "spellcheck=\"false\"> <output for=\"filter\"></output></div>\n"
                "<section class=\"scroll\" aria-label=\"Table of nodes\" tabindex=\"0\">\n"
                "<table class=\"nodes\">\n<thead><tr><th scope=\"col\">Node</th>"
                "<th scope=\"col\" class=\"l\">State</th><th scope=\"col\" class=\"l\">Last run</th>"
                "<th scope=\"col\" class=\"l\">Changes</th><th scope=\"col\" class=\"l\">Started (UTC)</th>"
                "<th scope=\"col\">Age</th><th scope=\"col\">Runs</th></tr></thead>\n<tbody>\n");
    for (const SiteNode& node : nodes) {
        const SiteRun& last = node.last();
        const model::RunReport& run = last.summary.run;
        const Look look = look_of(node.state);
        html.markup("<tr class=\"c\"><th scope=\"row\"><code>");
        write_link(html, last, node.name);
        html.markup("</code></th><td class=\"l ")
            .markup(look.colour)
            .markup("\">")
            .markup(look.symbol)
            .markup(" ")
            .line(to_string(node.state))
            .markup("</td><td class=\"l\">")
            .line(model::to_string(run.mode))
            .markup(", ")
            .line(model::to_string(run.outcome));
        if (node.state == NodeState::failed)
            html.line(fmt::format(", exit {}", model::to_int(run.exit_code)));
        html.markup("</td><td class=\"l\">")
            .line(in_words(last.summary.counts))
            .markup("</td><td class=\"l\">");
        write_moment(html, run.started);
        html.markup("</td><td>").line(age_of(run, site.now)).markup("</td><td>").number(node.runs.size());
        html.markup("</td></tr>\n");
    }
    html.markup("</tbody>\n</table>\n</section>\n</section>\n");
}

void write_runs(HtmlWriter& html, const std::vector<SiteNode>& nodes) {
    html.markup("<section id=\"runs\" aria-labelledby=\"runs-title\">\n<h2 id=\"runs-title\">Runs</h2>\n"
                "<ul class=\"list\">\n");
    for (const SiteNode& node : nodes) {
        html.markup("<li><details><summary>").line(node.name).markup(" <span class=\"muted\">");
        html.line(counted(node.runs.size(), "run", "runs")).markup("</span></summary><ul class=\"list\">\n");
        for (const SiteRun* one : node.runs) {
            const model::RunReport& run = one->summary.run;
            const Look look = report::look_of(run.outcome, run.exit_code);
            html.markup("<li>");
            write_moment(html, run.started);
            html.markup(" <span class=\"").markup(look.colour).markup("\">").markup(look.symbol).markup(" ");
            html.line(model::to_string(run.outcome)).markup("</span> ");
            write_link(html, *one, run.id);
            html.markup(" <span class=\"muted\">").line(run.command);
            html.markup(run.mode == model::RunMode::noop ? Markup{" --noop, "} : Markup{", "});
            html.line(in_words(one->summary.counts)).markup("</span></li>\n");
        }
        html.markup("</ul></details></li>\n");
    }
    html.markup("</ul>\n</section>\n");
}

void write_faults(HtmlWriter& html, const std::vector<SiteFault>& faults) {
    if (faults.empty()) return;
    html.markup("<section id=\"faults\" aria-labelledby=\"faults-title\">\n"
                "<h2 id=\"faults-title\">Reports that could not be read</h2>\n");
    for (const SiteFault& fault : faults)
        html.markup("<article class=\"problem\"><p><span class=\"fail\">✕ not read:</span> <code>")
            .name(fault.source)
            .markup("</code></p><p>")
            .line(fault.reason)
            .markup("</p></article>\n");
    html.markup("</section>\n");
}

} // namespace

void write_site_index(const Site& site, const std::function<void(std::string_view)>& write) {
    const std::vector<SiteNode> nodes = nodes_of(site);
    HtmlWriter html{write};
    begin_page(html, [&] { html.markup("disco: ").line(counted(nodes.size(), "node", "nodes")); });
    html.markup(
            "<a class=\"skip\" href=\"#nodes\">To the nodes</a>\n<header>\n<p class=\"of\">disco</p>\n<h1>")
        .line(counted(nodes.size(), "node", "nodes"))
        .markup("</h1>\n<p class=\"said\">")
        .line(counted(site.runs.size(), "run", "runs"))
        .markup(", as of ")
        .line(sys::utc_time(site.now))
        .markup(" UTC. A node is unreported when its last run began more than ")
        .line(sys::duration_in_words(static_cast<double>(site.now - site.unreported_before)))
        .markup(" ago.</p>\n</header>\n<main>\n");
    write_tiles(html, nodes);
    write_faults(html, site.faults);
    if (!nodes.empty()) {
        write_nodes(html, site, nodes);
        write_runs(html, nodes);
    }
    html.markup("</main>\n<footer>Written by disco report</footer>\n");
    end_page(html);
}

} // namespace disco::report
