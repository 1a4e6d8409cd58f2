#include "runner/sys/setting_lines.hpp"

#include "runner/sys/text_lines.hpp"

#include <utility>

#include <fmt/format.h>

namespace disco::sys {
namespace {

std::string in_one(std::string_view file, const std::vector<LineObjection>& lines) {
    std::string text;
    for (const LineObjection& one : lines)
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", place_of_line(file, one.line), one.text);
    return text;
}

} // namespace

BadLines::BadLines(std::string_view file, std::vector<LineObjection> lines)
    : BadConfiguration{in_one(file, lines)}, lines_{std::move(lines)} {}

std::string_view without_comment(std::string_view line) {
    for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
        if (at == 0 || blanks.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
    return line;
}

std::string place_of_line(std::string_view file, int number) { return fmt::format("{}:{}", file, number); }

void read_setting_lines(std::string_view text, std::string_view file,
                        const std::function<void(const SettingLine&)>& read) {
    std::vector<LineObjection> objections;
    for (int number = 1; !text.empty(); ++number) {
        const SettingLine line{trimmed(without_comment(take_line(text))), number};
        if (line.text.empty()) continue;
        try {
            read(line);
        } catch (const BadConfiguration& error) {
            objections.push_back({number, error.full_text()});
        }
    }
    if (!objections.empty()) throw BadLines{file, std::move(objections)};
}

} // namespace disco::sys
