#include "runner/sys/setting_lines.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/text_lines.hpp"

#include <fmt/format.h>

namespace disco::sys {

std::string_view without_comment(std::string_view line) {
    for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
        if (at == 0 || blanks.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
    return line;
}

std::string place_of_line(std::string_view file, int number) { return fmt::format("{}:{}", file, number); }

void read_setting_lines(std::string_view text, std::string_view file,
                        const std::function<void(const SettingLine&)>& read) {
    std::string objections;
    for (int number = 1; !text.empty(); ++number) {
        const SettingLine line{trimmed(without_comment(take_line(text))), number};
        if (line.text.empty()) continue;
        try {
            read(line);
        } catch (const BadConfiguration& error) {
            objections += fmt::format("{}{}: {}", objections.empty() ? "" : "; ", place_of_line(file, number),
                                      error.full_text());
        }
    }
    if (!objections.empty()) throw BadConfiguration{objections};
}

} // namespace disco::sys
