#include "policy/guard_text.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::policy {

std::string_view without_comment(std::string_view line) {
    char quote = 0;
    bool starts = true;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote == 0 && starts && c == '#') return line.substr(0, i);
        if (quote != '\'' && c == '\\') {
            ++i;
            starts = false;
            continue;
        }
        if (quote == 0 && (c == '\'' || c == '"'))
            quote = c;
        else if (c == quote)
            quote = 0;
        starts = quote == 0 && (c == ' ' || c == '\t');
    }
    return line;
}

std::vector<GuardLine> split_lines(const GuardText& from) {
    std::vector<GuardLine> lines;
    std::string_view text = from.text;
    for (std::size_t number = from.first_line; !text.empty(); ++number) {
        const std::string_view line = sys::take_line(text);
        std::string place = fmt::format("{}:{}", from.file, number);
        std::vector<std::string> words = sys::while_doing(
            fmt::format("reading {}", place), [&] { return sys::split_words(without_comment(line)); });
        if (!words.empty()) lines.push_back({std::move(words), std::move(place)});
    }
    return lines;
}

} // namespace disco::policy
