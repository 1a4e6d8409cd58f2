#include "tests/support/golden.hpp"
#include "tests/support/build_tree.hpp"

#include "runner/sys/files.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace disco::tests {

void expect_golden(const std::string& name, std::string_view text) {
    const auto file = source_tree() / "tests/unit/golden" / name;
    const char* accept = std::getenv("DISCO_ACCEPT_GOLDEN");
    if (accept != nullptr && std::string_view{accept} == "1") {
        sys::write_file(file, text, 0644);
        return;
    }
    const auto expected = sys::read_file_if_exists(file);
    ASSERT_TRUE(expected.has_value())
        << "there is no golden file " << name << "; DISCO_ACCEPT_GOLDEN=1 writes it";
    EXPECT_EQ(std::string{text}, *expected)
        << name << " differs; when that is meant, DISCO_ACCEPT_GOLDEN=1 rewrites it";
}

} // namespace disco::tests
