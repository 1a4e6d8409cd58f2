// What `cmake --install` puts in place is all that the program needs.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <set>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

std::set<std::string> files_in(const fs::path& directory) {
    std::set<std::string> files;
    for (const auto& entry : fs::directory_iterator{directory})
        if (entry.is_regular_file()) files.insert(entry.path().filename());
    return files;
}

class InstallTest : public DanceTest {
protected:
    [[nodiscard]] fs::path prefix() const { return place() / "usr"; }
    [[nodiscard]] sys::ProgramResult run(std::vector<std::string> words) const {
        sys::ProgramSpec spec;
        spec.argv = std::move(words);
        spec.environment = {"PATH=" + search_path};
        return sys::run_program(spec);
    }
};

TEST_F(InstallTest, GivesAProgramThatWorks) {
    const auto installed = run({"cmake", "--install", build_tree(), "--prefix", prefix()});
    ASSERT_TRUE(installed.succeeded()) << installed.error;
    const auto compiled = files_in(data_directory() / "compiled");
    EXPECT_GT(compiled.size(), 20U);
    EXPECT_EQ(files_in(prefix() / "lib/disco/compiled"), compiled);
    want("hello");
    module_file("hello", "files/etc/hello", "hello\n");
    const auto done = run({prefix() / "sbin/disco-run", "--server", universe(), "--node", node, "--root",
                           root(), "--state-dir", state()});
    EXPECT_EQ(done.exit, 0) << done.error;
    EXPECT_EQ(read("etc/hello"), "hello\n");
}

} // namespace
} // namespace disco::tests
