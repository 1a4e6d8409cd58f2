#include "tests/support/build_tree.hpp"

namespace disco::tests {

std::filesystem::path source_tree() { return DISCO_SOURCE_DIR; }

std::filesystem::path build_tree() { return DISCO_BUILD_DIR; }

std::filesystem::path disco_binary() { return build_tree() / "bin/disco"; }

std::filesystem::path data_directory() { return build_tree() / "lib/disco"; }

} // namespace disco::tests
