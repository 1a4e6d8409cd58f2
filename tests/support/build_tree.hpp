#pragma once

#include <filesystem>

namespace disco::tests {

/// Where the sources are, and what was built of them; both absolute. Told by functions, so that the tests'
/// own objects are the same for every build tree and the compiler's cache serves them all.
[[nodiscard]] std::filesystem::path source_tree();
[[nodiscard]] std::filesystem::path build_tree();
/// The program under test.
[[nodiscard]] std::filesystem::path disco_binary();
/// Its compiled policy, shims and prelude.
[[nodiscard]] std::filesystem::path data_directory();

} // namespace disco::tests
