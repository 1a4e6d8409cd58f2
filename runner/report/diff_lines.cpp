#include "runner/report/diff_lines.hpp"

#include "runner/model/large_diff.hpp"
#include "runner/sys/text_lines.hpp"

namespace disco::report {

DiffLine kind_of_line(std::string_view line, std::size_t number) {
    if (number <= 2) return DiffLine::names;
    if (line.starts_with('+')) return DiffLine::added;
    if (line.starts_with('-')) return DiffLine::removed;
    return line.starts_with("@@") ? DiffLine::hunk : DiffLine::context;
}

DiffSize size_of_diff(std::string_view diff) {
    DiffSize size;
    while (!diff.empty()) {
        const std::string_view line = sys::take_line(diff);
        const DiffLine kind = kind_of_line(line, ++size.lines);
        if (kind == DiffLine::added) ++size.added;
        if (kind == DiffLine::removed) ++size.removed;
        if (kind == DiffLine::hunk && line.starts_with(model::large_diff)) size.counted = false;
    }
    return size;
}

} // namespace disco::report
