#include "tests/support/shown_commands.hpp"

#include "runner/sys/error.hpp"

#include <regex>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace disco::tests {
namespace {

using Lines = std::vector<std::string>;

const std::regex run_name{R"(\b\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6}\b)"};
const std::regex duration{R"( *\b\d+(\.\d+)? (ms|s)\b)"}; // right-aligned in reports
const std::regex local_time{R"(\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b)"};
const std::regex gaps{R"(  +)"};
constexpr std::string_view any_lines = "…";

Lines lines_of(std::string_view text) {
    Lines lines;
    std::istringstream stream{std::string{text}};
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string as_compared(const std::string& line) {
    const std::string text = std::regex_replace(std::regex_replace(line, run_name, "RUN"), duration, " TIME");
    // Columns of a table are as wide as the times in them.
    const bool row = text.starts_with("RUN  ");
    return row ? std::regex_replace(std::regex_replace(text, local_time, "DATE"), gaps, "  ") : text;
}

Lines runs_in(const std::string& line) {
    Lines names;
    for (std::sregex_iterator it{line.begin(), line.end(), run_name}, end; it != end; ++it)
        names.push_back(it->str());
    return names;
}

/// Pairs of lines, the shown and the printed, when those from `s` and `p` on match.
bool matches(const Lines& shown, const Lines& printed, std::size_t s, std::size_t p,
             std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
    if (s == shown.size()) return p == printed.size();
    if (shown[s] == any_lines) {
        for (std::size_t next = p; next <= printed.size(); ++next)
            if (matches(shown, printed, s + 1, next, pairs)) return true;
        return false;
    }
    if (p == printed.size() || as_compared(shown[s]) != as_compared(printed[p])) return false;
    pairs.emplace_back(s, p);
    if (matches(shown, printed, s + 1, p + 1, pairs)) return true;
    pairs.pop_back();
    return false;
}

} // namespace

std::vector<ShownCommand> shown_commands(std::string_view markdown) {
    std::vector<ShownCommand> commands;
    enum class Place { text, other_block, before_command, command, output } place = Place::text;
    int number = 0;
    for (const std::string& line : lines_of(markdown)) {
        ++number;
        if (line.starts_with("```")) {
            if (place != Place::text)
                place = Place::text;
            else
                place = line == "```console" ? Place::before_command : Place::other_block;
        } else if (place == Place::text || place == Place::other_block) {
            continue;
        } else if (line.starts_with("# ")) {
            commands.push_back({.text = line.substr(2), .output = {}, .line = number});
            place = Place::command;
        } else if (place == Place::command && line.starts_with("> ")) {
            commands.back().text += '\n' + line.substr(2);
        } else if (place == Place::before_command) {
            throw sys::Error{fmt::format("line {}: output without a command above it: {}", number, line)};
        } else {
            commands.back().output.push_back(line);
            place = Place::output;
        }
    }
    return commands;
}

std::string ShownOutputs::as_run(std::string command) const {
    for (const auto& [shown, run] : runs_)
        for (std::size_t at = 0; (at = command.find(shown, at)) != std::string::npos; at += run.size())
            command.replace(at, shown.size(), run);
    return command;
}

std::string ShownOutputs::difference(const std::vector<std::string>& shown, std::string_view printed) {
    const Lines lines = lines_of(printed);
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    if (!matches(shown, lines, 0, 0, pairs)) {
        std::string text = "shown:\n";
        for (const std::string& line : shown) text += "  " + as_compared(line) + '\n';
        text += "printed:\n";
        for (const std::string& line : lines) text += "  " + as_compared(line) + '\n';
        return text;
    }
    std::string text;
    for (const auto& [s, p] : pairs) {
        const Lines names = runs_in(shown[s]), runs = runs_in(lines[p]);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto& [known, added] = *runs_.try_emplace(names[i], runs[i]).first;
            if (added != runs[i])
                text += fmt::format("the run {} is another one here:\n  {}\n", known, shown[s]);
        }
    }
    return text;
}

} // namespace disco::tests
