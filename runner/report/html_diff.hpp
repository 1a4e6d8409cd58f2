#pragma once

#include "runner/report/html_writer.hpp"

#include <cstddef>
#include <string_view>

namespace disco::report {

struct DiffSize {
    std::size_t added = 0, removed = 0, lines = 0;
    bool counted = true; ///< not where the diff only says that there is too much to show
};
[[nodiscard]] DiffSize size_of_diff(std::string_view diff);

/// Lines of one kind that follow each other share an element: a large diff has few.
void write_diff(HtmlWriter& html, std::string_view diff);

} // namespace disco::report
