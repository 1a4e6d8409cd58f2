// Directories in one another, more than a path can name, a stack hold, or a process have descriptors.

#include "runner/sys/error.hpp"
#include "tests/support/mounted_tree.hpp"

#include <cstdlib>

#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;

/// Bash that makes `thousands` times a thousand directories in one another, at `d`. No call takes the whole
/// path, so they are made in pieces, each of which gets the last one at its bottom.
std::string nest(int thousands) {
    return fmt::format("p=$(printf 'd/%.0s' {{1..1000}}); mkdir -p $p; "
                       "for ((i = 1; i < {}; ++i)); do mkdir -p n/$p; mv d n/$p; mv n/d .; rmdir n; done; ",
                       thousands);
}

/// Of memory; a path for each directory would take as much again. The sanitiser (its options are in the
/// environment then, see CMakePresets.json) holds what was freed for a while.
const int most_kibibytes = std::getenv("ASAN_OPTIONS") == nullptr ? 200 << 10 : 2 << 20;

class DeepDirectories : public MountedTreeTest {
protected:
    void make_home(int thousands) {
        outside(fmt::format("mkdir -p {0}/home/user; cd {0}/home/user; ", root().string()) + nest(thousands));
    }
};

TEST_F(DeepDirectories, MadeByAModuleAreRefused) {
    for (const char* mode : {"--noop", "--merge"}) {
        const auto result = exec(mode, "cd /srv; " + nest(19));
        EXPECT_EQ(result.exit, 4) << mode << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("'/srv/d/d/d"));
        EXPECT_THAT(result.output, HasSubstr("is longer than a path can be"));
        EXPECT_LT(result.output.size(), 20'000U); // what was found before is told as well, as far as lines go
        EXPECT_LT(result.usage.ru_maxrss, most_kibibytes);
        EXPECT_FALSE(sys::stat_path(root() / "srv/d"));
    }
    expect_nothing_left();
}

/// The names of a file that was changed are looked for everywhere.
TEST_F(DeepDirectories, OfAUserStandInNoWay) {
    for (const int thousands : {2, 17}) {
        make_home(thousands);
        outside(fmt::format("cd {}; mkdir -p srv zoo; echo linked > srv/one; ln -f srv/one zoo/two",
                            root().string()));
        const auto result = exec("--merge", "echo more >> /zoo/two");
        ASSERT_EQ(result.exit, 0) << thousands << result.output << result.error;
        EXPECT_EQ(read("srv/one"), "linked\nmore\n");
        EXPECT_EQ(sys::stat_path(root() / "srv/one")->st_ino, sys::stat_path(root() / "zoo/two")->st_ino);
        EXPECT_LT(result.usage.ru_maxrss, most_kibibytes);
        sys::remove_tree(root() / "home/user");
    }
    expect_nothing_left();
}

TEST_F(DeepDirectories, OfAUserAreChangedAsFarAsAPathReaches) {
    make_home(1);
    const auto result = exec("--merge", "chmod -R go-rx /home/user");
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(changes().size(), 1001U);
    EXPECT_EQ(sys::stat_path(root() / "home/user/d/d/d")->st_mode & 07777, 0700U);
    const auto rollback = command("rollback");
    ASSERT_EQ(rollback.exit, 0) << rollback.error;
    EXPECT_EQ(sys::stat_path(root() / "home/user/d/d/d")->st_mode & 07777, 0755U);
    expect_nothing_left();
}

TEST_F(DeepDirectories, OfAUserThatAreDeeperAreNotRemovedUnseen) {
    make_home(5);
    const auto result = exec("--merge", "rm -r /home/user");
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("'/home/user/d/d/d"));
    EXPECT_THAT(result.output, HasSubstr("is longer than a path can be"));
    EXPECT_LT(result.usage.ru_maxrss, most_kibibytes);
    EXPECT_TRUE(sys::stat_path(root() / "home/user/d/d/d"));
    expect_nothing_left();
}

} // namespace
} // namespace disco::tests
