#pragma once

#include <string_view>

namespace disco::model {

/// Of a diff whose contents are too large to show the only line after the names begins so.
inline constexpr std::string_view large_diff = "@@ too large to show";

} // namespace disco::model
