// disco-param in a bash whose user has aliases of the name of something that the prelude uses.

#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/build_tree.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace disco::templates {
namespace {

namespace fs = std::filesystem;

class Aliases : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(tree() / "app");
        sys::write_file(tree() / "app/port", "80\n", 0644);
    }
    [[nodiscard]] std::string output(const std::string& script) const {
        const std::string aliases = "shopt -s expand_aliases\nalias printf=false\n";
        const sys::ProgramResult result = sys::run_program(
            {.argv = {"/bin/bash", "-c", aliases + script},
             .environment = {"BASH_ENV=" + (tests::source_tree() / "templates/prelude.bash").native(),
                             "DISCO_PARAMETERS=" + tree().string(), "PATH=/usr/bin:/bin"},
             .input = {},
             .timeout = std::chrono::seconds{30}});
        EXPECT_EQ(result.error, "");
        return result.output;
    }

private:
    [[nodiscard]] fs::path tree() const { return directory_.path(); }
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "prelude-aliases-test-"};
};

TEST_F(Aliases, DoNotMatterToAValue) {
    EXPECT_EQ(output("disco-param get app/port\n"), "80\n");
    EXPECT_EQ(output("disco-param get app/port; disco-param get app/port\n"), "80\n80\n");
}

TEST_F(Aliases, DoNotMatterToTheRest) {
    EXPECT_EQ(output("disco-param keys\n"), "app\n");
    EXPECT_EQ(output("disco-param dump\n"), "app = {}\napp/port = 80\n");
    EXPECT_EQ(output("disco-param get -d 1 none\n"), "1\n");
}

} // namespace
} // namespace disco::templates
