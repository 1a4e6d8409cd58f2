#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace disco::report {

/// How a short report says a change of a stored one; empty: the same. Pure.
[[nodiscard]] std::string short_change(const nlohmann::json& change);

} // namespace disco::report
