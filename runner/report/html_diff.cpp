#include "runner/report/html_diff.hpp"

#include "runner/sys/text_lines.hpp"

#include <cstddef>
#include <optional>

namespace disco::report {
namespace {

Markup begin_of(DiffLine kind) {
    switch (kind) {
    case DiffLine::names: return "<b>";
    case DiffLine::hunk: return "<i>";
    case DiffLine::added: return "<ins>";
    case DiffLine::removed: return "<del>";
    case DiffLine::context: return "<span class=\"t\">";
    }
    return ""; // not reached: -Wswitch guards the list
}

Markup end_of(DiffLine kind) {
    switch (kind) {
    case DiffLine::names: return "</b>";
    case DiffLine::hunk: return "</i>";
    case DiffLine::added: return "</ins>";
    case DiffLine::removed: return "</del>";
    case DiffLine::context: return "</span>";
    }
    return ""; // not reached: -Wswitch guards the list
}

} // namespace

void write_diff(HtmlWriter& html, std::string_view diff) {
    std::optional<DiffLine> last;
    std::size_t number = 0;
    html.markup("<pre class=\"diff\">");
    while (!diff.empty()) {
        const std::string_view line = sys::take_line(diff);
        const DiffLine kind = kind_of_line(line, ++number);
        if (kind == last) {
            html.markup("\n");
        } else {
            if (last) html.markup(end_of(*last));
            html.markup(begin_of(kind));
        }
        html.text(line);
        last = kind;
    }
    if (last) html.markup(end_of(*last));
    html.markup("</pre>");
}

} // namespace disco::report
