#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace disco::fetch {

/// A text file of the server's, or of a copy, that disco reads itself (`requires`, `inherits`, `attributes`,
/// `sandbox`): reached below `directory` without following symlinks. Nothing when it is absent. `shown` names
/// it in messages ("modules/m/attributes"). Throws BadConfiguration for an object of another type, which is
/// not opened (the server chose it: a FIFO would be waited for, and root's own files would be quoted from),
/// and for more than a MiB.
[[nodiscard]] std::optional<std::string> read_server_text(const std::filesystem::path& directory,
                                                          const std::filesystem::path& name,
                                                          std::string_view shown);

} // namespace disco::fetch
