#pragma once

#include <string>
#include <string_view>

namespace disco::report {

/// A change as JSON, turned round: what was created is deleted, and the diff reads the other way. Pure.
/// Throws nlohmann::json::exception when it is no change.
[[nodiscard]] std::string inverse_change(std::string_view change);

/// A unified diff, the other way round. Pure.
[[nodiscard]] std::string inverse_diff(std::string_view diff);

} // namespace disco::report
