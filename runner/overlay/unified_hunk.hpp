#pragma once

#include <optional>
#include <string>
#include <string_view>

// Hunks of the unified format (diff(1), "Detailed Description of Unified Format" in diffutils' manual) that
// take no algorithm.
namespace disco::overlay {

/// All of one text removed, all of another added; "" when both are empty.
[[nodiscard]] std::string whole_hunk(std::string_view before, std::string_view after);

/// The hunk of two texts that differ in one place, and whose parts there have no line in common: as GNU diff
/// shows it, with three lines around it. Nothing for other texts.
[[nodiscard]] std::optional<std::string> single_hunk(std::string_view before, std::string_view after);

} // namespace disco::overlay
