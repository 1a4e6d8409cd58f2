#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace disco::templates {

/// A template that prints more is stopped, and fails.
constexpr std::size_t output_limit = std::size_t{16} << 20;

/// Why what a template printed cannot become a file; nothing when it can. Goes on from its name: "printed
/// nothing". Pure.
[[nodiscard]] std::optional<std::string> objection(std::string_view output);

} // namespace disco::templates
