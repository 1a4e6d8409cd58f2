#include "runner/sys/printable.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::sys {
namespace {

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

/// Length of the UTF-8 character at the start of `bytes`, 0 when there is none.
std::size_t character_length(std::string_view bytes) {
    const unsigned char first = byte(bytes[0]);
    if (first < 0x80) return 1;
    std::size_t length = 0;
    std::uint32_t code = 0, smallest = 0;
    if ((first & 0xe0) == 0xc0)
        length = 2, code = first & 0x1fu, smallest = 0x80;
    else if ((first & 0xf0) == 0xe0)
        length = 3, code = first & 0x0fu, smallest = 0x800;
    else if ((first & 0xf8) == 0xf0)
        length = 4, code = first & 0x07u, smallest = 0x10000;
    if (length == 0 || bytes.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(bytes[i]) & 0xc0) != 0x80) return 0;
        code = code << 6 | (byte(bytes[i]) & 0x3fu);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest || code > 0x10ffff || surrogate ? 0 : length;
}

/// C0, DEL and the C1 controls (U+0080 … U+009F), which some terminals obey; what turns the direction of what
/// follows, so that a line shows other words than it has; and Unicode's own ends of lines and paragraphs.
bool is_control(std::string_view character) {
    if (character.size() == 1) return byte(character[0]) < 0x20 || byte(character[0]) == 0x7f;
    if (character.size() == 2) // the second: ARABIC LETTER MARK
        return (byte(character[0]) == 0xc2 && byte(character[1]) < 0xa0) || character == "\u061c";
    if (character.size() != 3) return false;
    return (character >= "\u200e" && character <= "\u200f") || // marks
           (character >= "\u2028" && character <= "\u202e") || // ends, embeddings, overrides
           (character >= "\u2066" && character <= "\u2069");   // isolates
}

void append_octal(std::string& text, std::string_view bytes) {
    for (const char c : bytes) fmt::format_to(std::back_inserter(text), "\\{:03o}", byte(c));
}

bool is_plain_word(std::string_view word) {
    constexpr std::string_view safe =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%^";
    return !word.empty() && word.find_first_not_of(safe) == std::string_view::npos;
}

/// One $'…' escape; `at` is at the character after the backslash and is left behind the escape.
char ansi_escape(std::string_view line, std::size_t& at) {
    const char c = line[at++];
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'a': return '\a';
    case 'b': return '\b';
    case 'v': return '\v';
    case 'f': return '\f';
    case 'e':
    case 'E': return '\033';
    default: break;
    }
    if (c < '0' || c > '7') return c;
    int value = c - '0';
    for (int digits = 1; digits < 3 && at < line.size() && line[at] >= '0' && line[at] <= '7'; ++digits)
        value = value * 8 + (line[at++] - '0');
    return static_cast<char>(value);
}

} // namespace

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = character_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view bytes) {
    std::string quoted;
    bool needs_quotes = false;
    for (std::string_view rest = bytes; !rest.empty();) {
        const std::size_t length = character_length(rest);
        const std::string_view character = rest.substr(0, length == 0 ? 1 : length);
        if (length == 0 || (is_control(character) && character != "\n" && character != "\t")) {
            append_octal(quoted, character);
            needs_quotes = true;
        } else if (character == "\n" || character == "\t") {
            quoted += character == "\n" ? "\\n" : "\\t";
            needs_quotes = true;
        } else if (character == "\"" || character == "\\") {
            quoted += '\\';
            quoted += character;
            needs_quotes = true;
        } else {
            quoted += character;
        }
        rest.remove_prefix(character.size());
    }
    return needs_quotes ? '"' + quoted + '"' : std::string{bytes};
}

std::string read_printable(std::string_view text) {
    if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::string{text};
    text = text.substr(1, text.size() - 2);
    std::string bytes;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at++];
        bytes += c == '\\' && at < text.size() ? ansi_escape(text, at) : c;
    }
    return bytes;
}

std::string printable_text(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t length = character_length(bytes);
        const std::string_view character = bytes.substr(0, length == 0 ? 1 : length);
        const bool kept = length != 0 && (!is_control(character) || character == "\n" || character == "\t");
        if (kept)
            text += character;
        else
            append_octal(text, character);
        bytes.remove_prefix(character.size());
    }
    return text;
}

namespace {

/// `utf8`: it is of a word that is.
bool needs_escape(char c, bool utf8) { return byte(c) < 0x20 || c == 0x7f || (!utf8 && byte(c) >= 0x80); }

/// As bash reads it between $' and '.
std::string escaped(char c, bool utf8) {
    if (c == '\'' || c == '\\') return {'\\', c};
    if (c == '\n') return "\\n";
    if (c == '\t') return "\\t";
    return needs_escape(c, utf8) ? fmt::format("\\{:03o}", byte(c)) : std::string(1, c);
}

} // namespace

std::string quote_words(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty()) line += ' ';
        if (is_plain_word(word)) {
            line += word;
            continue;
        }
        const bool utf8 = is_utf8(word);
        const bool plain =
            std::none_of(word.begin(), word.end(), [&](char c) { return needs_escape(c, utf8); });
        line += plain ? "'" : "$'";
        for (const char c : word)
            line += !plain ? escaped(c, utf8) : c == '\'' ? std::string{"'\\''"} : std::string(1, c);
        line += '\'';
    }
    return line;
}

std::vector<std::string> split_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    for (std::size_t at = 0; at < line.size();) {
        const char c = line[at++];
        if (c == ' ' || c == '\t' || c == '\n') {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
            continue;
        }
        in_word = true;
        if (c == '\\' && at < line.size()) {
            word += line[at++];
            continue;
        }
        const bool ansi = c == '$' && at < line.size() && line[at] == '\'';
        if (ansi) ++at;
        if (c != '\'' && c != '"' && !ansi) {
            word += c;
            continue;
        }
        const char quote = ansi ? '\'' : c;
        while (at < line.size() && line[at] != quote) {
            const bool escapes =
                ansi || (quote == '"' && line[at] == '\\' && at + 1 < line.size() &&
                         (line[at + 1] == '"' || line[at + 1] == '\\' || line[at + 1] == '$'));
            if (escapes && line[at] == '\\' && at + 1 < line.size()) {
                ++at;
                word += ansi ? ansi_escape(line, at) : line[at++];
            } else {
                word += line[at++];
            }
        }
        if (at == line.size())
            throw BadConfiguration{fmt::format("a quote is not closed in: {}", printable_text(line))};
        ++at;
    }
    if (in_word) words.push_back(std::move(word));
    return words;
}

std::string list_for_people(std::string_view what, const std::set<std::string>& names) {
    constexpr std::ptrdiff_t most = 5;
    const auto count = static_cast<std::ptrdiff_t>(names.size());
    const std::vector<std::string> shown{names.begin(), std::next(names.begin(), std::min(count, most))};
    const std::string rest = count > most ? fmt::format(" and {} others", count - most) : std::string{};
    return fmt::format("{}{} {}{}", what, count == 1 ? "" : "s", fmt::join(shown, ", "), rest);
}

} // namespace disco::sys
