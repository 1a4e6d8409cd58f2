// Where the machine mounts automatically: nothing that a script prints, makes or is delivered has it mount
// anything.

#include "tests/support/automount.hpp"
#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Automounted : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        automount_.emplace(root() / "net");
    }
    void TearDown() override {
        automount_.reset();
        DanceTest::TearDown();
    }
    [[nodiscard]] sys::ProgramResult exec(const std::string& option, const std::string& line) const {
        return disco({"exec", option, "--root", root(), "--state-dir", state(), "--", "sh", "-c", line});
    }
    [[nodiscard]] bool woken() const { return automount_->woken(); }

private:
    std::optional<Automount> automount_;
};

TEST_F(Automounted, APlaceIsNotWokenByWhatAScriptPrints) {
    const auto result = exec("--noop", "echo could not connect to /net/elsewhere/x: refused");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_FALSE(woken());
}

TEST_F(Automounted, APlaceIsEmptyAndReadOnlyForScripts) {
    for (const char* option : {"--noop", "--merge"}) {
        const auto result =
            exec(option, "ls -A /net; mkdir /net/made || echo refused; cat /net/there/x; true");
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("refused\n"));
        EXPECT_THAT(result.output, HasSubstr("in sync"));
        EXPECT_FALSE(woken());
    }
}

/// By a user's link, for one.
TEST_F(Automounted, APlaceIsNotWokenByWhatModulesDeliver) {
    fs::create_directories(root() / "home/alice");
    fs::create_symlink("/net/elsewhere", root() / "home/alice/data");
    want("a");
    want("b");
    module_file("a", "files/home/alice/data/x", "x\n");
    module_file("b", "files/net/elsewhere/x", "y\n");
    const auto result = noop({"--keep-going"});
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("/net"));
    EXPECT_FALSE(woken());
}

} // namespace
} // namespace disco::tests
