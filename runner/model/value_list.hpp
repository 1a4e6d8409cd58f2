#pragma once

#include "runner/sys/text_lines.hpp"

#include <set>
#include <string>
#include <string_view>

// Values in a file of root's own, with a NUL after each: secrets, which have none.
namespace disco::model {

[[nodiscard]] inline std::string to_text(const std::set<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text.append(value).append(1, '\0');
    return text;
}

[[nodiscard]] inline std::set<std::string> values_in(std::string_view text) {
    std::set<std::string> values;
    for (const std::string_view value : sys::split(text, '\0')) values.emplace(value);
    return values;
}

} // namespace disco::model
