#include "runner/report/html_report.hpp"

#include "runner/report/html_page.hpp"
#include "runner/report/html_sections.hpp"

namespace disco::report {
namespace {

enum class Place { alone, site };

void write_page(const model::RunReport& run, const ChangeLog& changes, Contents contents, Place place,
                const std::function<void(std::string_view)>& write) {
    HtmlWriter html{write};
    begin_page(html, [&] {
        html.line(run.node).markup(": ").line(model::to_string(run.outcome)).markup(" – disco ").line(run.id);
    });
    if (place == Place::site)
        html.markup(
            "<nav class=\"up\" aria-label=\"Site\"><a href=\"../index.html\">← All nodes</a></nav>\n");
    write_heading(html, run);
    html.markup("<main>\n");
    write_failures(html, run);
    write_changes(html, run, changes, contents);
    write_actions(html, run);
    write_notices(html, run);
    write_time_line(html, run);
    write_requirements(html, run);
    write_outputs(html, run);
    write_steps(html, run);
    html.markup("</main>\n<footer>Run <code>")
        .line(run.id)
        .markup("</code>, disco ")
        .line(run.version)
        .markup("<span class=\"hint\">. Keys: <kbd>/</kbd> filter, <kbd>j</kbd> and <kbd>k</kbd> next and "
                "previous "
                "change, <kbd>Esc</kbd> all changes again</span></footer>\n");
    end_page(html);
}

} // namespace

void write_html_report(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                       const std::function<void(std::string_view)>& write) {
    write_page(run, changes, contents, Place::alone, write);
}

void write_site_page(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                     const std::function<void(std::string_view)>& write) {
    write_page(run, changes, contents, Place::site, write);
}

} // namespace disco::report
