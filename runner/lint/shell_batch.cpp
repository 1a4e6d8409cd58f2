#include "runner/lint/shell_batch.hpp"

#include "runner/sys/printable.hpp"
#include "runner/sys/random_number.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::lint {
namespace {

/// No text can have it in it.
const std::string& marker_begin() {
    static const std::string begin = fmt::format("disco check {:016x} ", sys::random_number());
    return begin;
}

std::string marker(std::size_t number) { return fmt::format("$\"{}{}\"", marker_begin(), number); }

/// Whether the next line would belong to this one.
bool asks_for_more(std::string_view line) {
    line = sys::trimmed_right(line);
    return line.ends_with('&') || line.ends_with('|') || line.ends_with('\\');
}

} // namespace

std::string joined(const std::vector<std::string_view>& texts, Direction direction) {
    std::string all;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::size_t number = direction == Direction::forwards ? i : texts.size() - 1 - i;
        all += texts[number];
        all += fmt::format("\n: {}\n", marker(number));
    }
    return all;
}

bool has_all_markers(std::string_view output, std::size_t count, Direction direction) {
    std::size_t seen = 0;
    for (const std::string_view line : sys::lines_of(output)) {
        if (!line.starts_with('"') || !line.substr(1).starts_with(marker_begin()))
            continue; // a translatable string of a script's own
        if (seen == count) return false;
        const std::size_t number = direction == Direction::forwards ? seen : count - 1 - seen;
        if (line != std::string_view{marker(number)}.substr(1)) return false;
        ++seen;
    }
    return seen == count;
}

bool has_to_be_alone(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return true;
    const auto lines = sys::lines_of(text);
    const auto last = std::find_if(lines.rbegin(), lines.rend(), [](std::string_view line) {
        line = sys::trimmed(line);
        return !line.empty() && !line.starts_with('#');
    });
    if (last == lines.rend()) return false;
    return asks_for_more(*last) || asks_for_more(last->substr(0, last->rfind('#')));
}

std::vector<ShellMessage> shell_messages(std::string_view error) {
    std::vector<ShellMessage> messages;
    for (std::string_view line : sys::lines_of(error)) {
        for (const std::string_view before : {"bash: ", "-c: "})
            if (line.starts_with(before)) line.remove_prefix(before.size());
        ShellMessage message;
        if (line.starts_with("line ")) {
            line.remove_prefix(5);
            message.line = sys::take_number<int>(line).value_or(0);
            if (line.starts_with(": ")) line.remove_prefix(2);
            if (line.starts_with('`')) continue; // the line itself, which was named just before
        }
        if (line.starts_with("warning: ")) {
            line.remove_prefix(9);
            message.is_error = false;
            if (const std::size_t at = line.find("at line "); at != std::string_view::npos) {
                std::string_view rest = line.substr(at + 8);
                message.line = sys::take_number<int>(rest).value_or(message.line);
            }
        }
        message.text = sys::printable_text(line);
        if (!line.empty()) messages.push_back(std::move(message));
    }
    return messages;
}

} // namespace disco::lint
