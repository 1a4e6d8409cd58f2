#pragma once

#include <functional>
#include <string>
#include <string_view>

// The lines of disco's own files: `requires`, `inherits`, `attributes`, `sandbox`, lists of commands. Pure.
namespace disco::sys {

/// A line that says something, without its comment and the blanks round it.
struct SettingLine {
    std::string_view text; ///< never empty; refers to the file's text
    int number = 1;        ///< in the file, from 1 on
};

/// A line without its comment: from a '#' that begins it, or that comes after a blank.
[[nodiscard]] std::string_view without_comment(std::string_view line);

/// "FILE:LINE", as messages name one.
[[nodiscard]] std::string place_of_line(std::string_view file, int number);

/// Calls `read` for each line that is more than blanks and a comment. What it objects to by BadConfiguration
/// is thrown when all lines were read: one BadConfiguration of all, each as "FILE:LINE: WHY", separated by ";
/// ".
void read_setting_lines(std::string_view text, std::string_view file,
                        const std::function<void(const SettingLine&)>& read);

} // namespace disco::sys
