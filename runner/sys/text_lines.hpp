#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

// Texts as lines and words: the one way in which they are taken apart. Pure; the results refer to the text.
namespace disco::sys {

/// What separates words. '\r' too: a file may have been written on another system.
constexpr std::string_view blanks = " \t\r\v\f";

/// Takes what comes before the first `separator` off a text, and the separator itself; all of it when there
/// is none.
inline std::string_view take_until(std::string_view& text, char separator) {
    const std::string_view taken = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(taken.size() + 1, text.size()));
    return taken;
}

/// The first line, without its newline.
inline std::string_view take_line(std::string_view& text) { return take_until(text, '\n'); }

/// What is between separators. The last part may lack one behind it; nothing comes behind the last separator.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) parts.push_back(take_until(text, separator));
    return parts;
}

/// Without their newlines.
[[nodiscard]] inline std::vector<std::string_view> lines_of(std::string_view text) {
    return split(text, '\n');
}

/// Without blanks at the beginning; at the end; at both.
[[nodiscard]] inline std::string_view trimmed_left(std::string_view text, std::string_view what = blanks) {
    text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
    return text;
}
[[nodiscard]] inline std::string_view trimmed_right(std::string_view text, std::string_view what = blanks) {
    return text.substr(0, text.find_last_not_of(what) + 1); // npos + 1 is 0
}
[[nodiscard]] inline std::string_view trimmed(std::string_view text, std::string_view what = blanks) {
    return trimmed_right(trimmed_left(text, what), what);
}

/// Takes the first word off a line, with the blanks round it; empty when there is none.
inline std::string_view take_word(std::string_view& line, std::string_view between = blanks) {
    line = trimmed_left(line, between);
    const std::string_view word = line.substr(0, line.find_first_of(between));
    line = trimmed_left(line.substr(word.size()), between);
    return word;
}

/// What is between blanks.
[[nodiscard]] inline std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text))
        words.push_back(word);
    return words;
}

} // namespace disco::sys
