#pragma once

#include <cstddef>
#include <string_view>

// The lines of a unified diff as reports show them. Pure.
namespace disco::report {

enum class DiffLine { names, hunk, added, removed, context };

/// `number`: of the line in the diff, from 1.
[[nodiscard]] DiffLine kind_of_line(std::string_view line, std::size_t number);

struct DiffSize {
    std::size_t added = 0, removed = 0, lines = 0;
    bool counted = true; ///< not where the diff only says that there is too much to show
};
[[nodiscard]] DiffSize size_of_diff(std::string_view diff);

} // namespace disco::report
