#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// The files of policy/guarded.d as text and as lines of words. Pure.
namespace disco::policy {

/// A file of policy/guarded.d.
struct GuardText {
    std::string text, file;
    std::size_t first_line = 1; ///< of what `text` is in the file
};

struct GuardLine {
    std::vector<std::string> words; ///< one at least
    std::string place;              ///< "FILE:LINE"
};

/// A line without its comment: from a '#' at the start of a word, outside of quotes.
[[nodiscard]] std::string_view without_comment(std::string_view line);

/// Those that are not empty. Throws BadConfiguration for open quotes.
[[nodiscard]] std::vector<GuardLine> split_lines(const GuardText& from);

} // namespace disco::policy
