#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace disco::run {

/// Why state cannot be kept on a file system: its type as statfs(2) gives it, and whether it is read-only. A
/// run needs room for the layers of an overlay, locks, and renames that hold. Nothing when it may be tried.
/// Pure.
[[nodiscard]] std::optional<std::string> objection_to_state_on(long type, bool readonly);

/// Looks at the file system on which `path` is, or would be made. Throws BadConfiguration that says what to
/// do.
void require_state_place(const std::filesystem::path& path);

} // namespace disco::run
