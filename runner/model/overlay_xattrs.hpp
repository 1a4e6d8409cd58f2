#pragma once

#include <optional>
#include <string>
#include <string_view>

// How overlayfs keeps its own notes beside a user's extended attributes (overlayfs.rst, "Nesting overlayfs
// mounts").
namespace disco::model {

constexpr std::string_view overlay_prefix = "trusted.overlay.";
constexpr std::string_view overlay_opaque = "trusted.overlay.opaque";

/// The attribute that a user sees, for one found in an upperdir: an escaped name
/// ("trusted.overlay.overlay.x") is "trusted.overlay.x" in the merged view. Nothing for overlayfs's own
/// bookkeeping, which nobody may see. Pure.
[[nodiscard]] std::optional<std::string> visible_attribute(std::string_view in_upperdir);

} // namespace disco::model
