#pragma once

#include <optional>
#include <string_view>
#include <vector>

// An enumeration's words have one table: its to_string, a switch that the build holds complete, and that
// gives "?" for what is beyond its last value. The values begin at 0 and leave no gap.
namespace disco::model {

/// In their order.
template <class Value> [[nodiscard]] std::vector<Value> all_values() {
    std::vector<Value> values;
    for (int number = 0; std::string_view{to_string(Value{number})} != "?"; ++number)
        values.push_back(Value{number});
    return values;
}

/// The value whose word this is.
template <class Value> [[nodiscard]] std::optional<Value> value_of(std::string_view word) {
    for (const Value value : all_values<Value>())
        if (word == to_string(value)) return value;
    return std::nullopt;
}

} // namespace disco::model
