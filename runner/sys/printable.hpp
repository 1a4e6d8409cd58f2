#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace disco::sys {

/// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// `bytes` unchanged when every character is printable UTF-8; otherwise in double quotes with C escapes
/// (\n, \t, \", \\, \ooo), as git shows such names. Reversible, and safe for a terminal and for JSON.
[[nodiscard]] std::string printable(std::string_view bytes);

/// The bytes of what `printable` made.
[[nodiscard]] std::string read_printable(std::string_view text);

/// Output of a program made safe for a terminal and for JSON: control characters other than tab and newline,
/// and bytes that are not UTF-8, become \ooo. Not reversible.
[[nodiscard]] std::string printable_text(std::string_view bytes);

/// Quotes a command so that a shell (and `split_words`) reads the same words back.
[[nodiscard]] std::string quote_words(const std::vector<std::string>& words);

/// Splits as a shell splits words: blanks, '…', "…", $'…' and backslashes; nothing is expanded.
/// Throws BadConfiguration on an open quote.
[[nodiscard]] std::vector<std::string> split_words(std::string_view line);

/// "module a", "modules a, b, c and 97 others".
[[nodiscard]] std::string list_for_people(std::string_view what, const std::set<std::string>& names);

} // namespace disco::sys
