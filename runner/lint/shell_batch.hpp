#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Many texts for bash parsed by one process. Pure.
//
// To start a bash for each of a thousand texts takes seconds. One that parses them one behind the other takes
// milliseconds, but a mistake in one text may be hidden by another one: an `if` that lacks its end by a later
// `fi` too many, an open quote by the next quote. Therefore:
// - Behind each text stands a marker, `: $"disco check N"`. bash -D prints every such string that it parses,
//   so a marker that an open quote, an open here-document or an open backquote has swallowed is missed.
// - The texts are parsed twice, in this order and in the opposite one. What opens something has to come
// before
//   what closes it, so two texts can make up for one another in one of the orders only. That is: with `open`
//   the balance of brackets behind each text, all balances are at least zero, the last one is zero, and the
//   same holds from behind; so all of them are zero.
// - A text whose end asks for more, such as `a &&`, is parsed alone: a marker would be what it asks for.
// When anything is not as expected, the texts are parsed in smaller groups, at last each alone.
namespace disco::lint {

/// What bash -D is given for these texts, in this order or, `backwards`, in the opposite one.
enum class Direction { forwards, backwards };
[[nodiscard]] std::string joined(const std::vector<std::string_view>& texts, Direction direction);

/// Whether bash -D parsed all `count` texts, each to its end: all markers are there, in order.
[[nodiscard]] bool has_all_markers(std::string_view output, std::size_t count, Direction direction);

/// Whether a text has to be parsed alone, because it ends in the middle of a command or bash does not take it
/// as a text.
[[nodiscard]] bool has_to_be_alone(std::string_view text);

/// One message of bash.
struct ShellMessage {
    int line = 0; ///< 0: none was given
    bool is_error = true;
    std::string text; ///< "syntax error near unexpected token `fi'"
};
/// What bash -n says of the text that it was given with -c, or on its standard input.
[[nodiscard]] std::vector<ShellMessage> shell_messages(std::string_view error);

} // namespace disco::lint
