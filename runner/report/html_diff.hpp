#pragma once

#include "runner/report/diff_lines.hpp"
#include "runner/report/html_writer.hpp"

#include <string_view>

namespace disco::report {

/// Lines of one kind that follow each other share an element: a large diff has few.
void write_diff(HtmlWriter& html, std::string_view diff);

} // namespace disco::report
