#pragma once

#include <filesystem>

namespace disco::run {

/// Where the program's own data lies: beside it, in the build tree as when installed (…/sbin/disco,
/// …/lib/disco).
[[nodiscard]] std::filesystem::path data_directory();

} // namespace disco::run
