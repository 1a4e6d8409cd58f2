#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Members of a JSON object that is appended to a text. The text ends in the object's brace or in a member of
// it: by that they know whether a comma comes first.
namespace disco::report {

/// `,"name":`
void append_key(std::string& out, std::string_view name);
void append_member(std::string& out, std::string_view name, std::string_view text);
void append_member(std::string& out, std::string_view name, const std::vector<std::string>& texts);
/// null when there is none.
void append_member_or_null(std::string& out, std::string_view name, const std::optional<std::string>& text);
/// null when it is empty.
void append_member_unless_empty(std::string& out, std::string_view name, std::string_view text);

} // namespace disco::report
