#include "runner/report/html_diff.hpp"

#include "runner/model/large_diff.hpp"
#include "runner/sys/text_lines.hpp"

namespace disco::report {
namespace {

enum class LineKind { none, names, hunk, added, removed, context };

LineKind kind_of(std::string_view line, std::size_t number) {
    if (number <= 2) return LineKind::names;
    if (line.starts_with('+')) return LineKind::added;
    if (line.starts_with('-')) return LineKind::removed;
    return line.starts_with("@@") ? LineKind::hunk : LineKind::context;
}

Markup begin_of(LineKind kind) {
    switch (kind) {
    case LineKind::names: return "<b>";
    case LineKind::hunk: return "<i>";
    case LineKind::added: return "<ins>";
    case LineKind::removed: return "<del>";
    case LineKind::context: return "<span class=\"t\">";
    case LineKind::none: break;
    }
    return "";
}

Markup end_of(LineKind kind) {
    switch (kind) {
    case LineKind::names: return "</b>";
    case LineKind::hunk: return "</i>";
    case LineKind::added: return "</ins>";
    case LineKind::removed: return "</del>";
    case LineKind::context: return "</span>";
    case LineKind::none: break;
    }
    return "";
}

} // namespace

DiffSize size_of_diff(std::string_view diff) {
    DiffSize size;
    while (!diff.empty()) {
        const std::string_view line = sys::take_line(diff);
        const LineKind kind = kind_of(line, ++size.lines);
        if (kind == LineKind::added) ++size.added;
        if (kind == LineKind::removed) ++size.removed;
        if (kind == LineKind::hunk && line.starts_with(model::large_diff)) size.counted = false;
    }
    return size;
}

void write_diff(HtmlWriter& html, std::string_view diff) {
    LineKind last = LineKind::none;
    std::size_t number = 0;
    html.markup("<pre class=\"diff\">");
    while (!diff.empty()) {
        const std::string_view line = sys::take_line(diff);
        const LineKind kind = kind_of(line, ++number);
        if (kind == last)
            html.markup("\n");
        else
            html.markup(end_of(last)).markup(begin_of(kind));
        html.text(line);
        last = kind;
    }
    html.markup(end_of(last)).markup("</pre>");
}

} // namespace disco::report
