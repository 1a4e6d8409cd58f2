#pragma once

#include "runner/sys/error.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

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

/// What is wrong with one line.
struct LineObjection {
    int line = 1;
    std::string text;
};

/// All that is wrong with the lines of a file, each as "FILE:LINE: WHY", separated by "; ".
class BadLines : public BadConfiguration {
public:
    BadLines(std::string_view file, std::vector<LineObjection> lines);
    [[nodiscard]] const std::vector<LineObjection>& lines() const noexcept { return lines_; }

private:
    std::vector<LineObjection> lines_;
};

/// Calls `read` for each line that is more than blanks and a comment. What it objects to by BadConfiguration
/// is thrown when all lines were read, as BadLines.
void read_setting_lines(std::string_view text, std::string_view file,
                        const std::function<void(const SettingLine&)>& read);

} // namespace disco::sys
