#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

// Numbers in texts. Pure.
namespace disco::sys {

/// The number that a whole word is: nothing for an empty word, for anything before or behind the digits (a
/// blank, a '+', a unit), and for one that is not from `least` to `most`.
template <std::integral Number>
[[nodiscard]] std::optional<Number>
number_in(std::string_view word, Number least = std::numeric_limits<Number>::min(),
          Number most = std::numeric_limits<Number>::max(), int base = 10) {
    Number number = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, number, base);
    if (error != std::errc{} || stop != end || number < least || number > most) return std::nullopt;
    return number;
}

/// The same for a word in the digits 0 to 7.
template <std::integral Number>
[[nodiscard]] std::optional<Number> octal_in(std::string_view word, Number most) {
    return number_in<Number>(word, 0, most, 8);
}

/// Takes the number off the beginning of a text; nothing, and nothing taken, when there is none.
template <std::integral Number> std::optional<Number> take_number(std::string_view& text) {
    Number number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return number;
}

/// Whether it consists of the digits 0 to 9, and of one at least.
[[nodiscard]] inline bool is_digits(std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace disco::sys
