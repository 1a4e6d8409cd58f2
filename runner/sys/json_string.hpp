#pragma once

#include <string>
#include <string_view>

// JSON strings, for whatever appends JSON to a text by hand because a document of very many values costs
// more than the values. Pure.
namespace disco::sys {

/// Appends a text as a JSON string if that is the text itself between two quotes, whoever writes it:
/// printable ASCII without quotes and backslashes. Most paths are. Otherwise appends nothing and returns
/// false.
[[nodiscard]] bool append_plain_json_string(std::string& out, std::string_view text);

/// Appends a JSON string, quotes and all. Bytes that are not UTF-8 become \ooo first (printable_text).
void append_json_string(std::string& out, std::string_view text);

} // namespace disco::sys
