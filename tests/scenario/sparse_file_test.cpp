// Files that are very large and hold nothing: anybody makes one in no time.

#include "runner/sys/error.hpp"
#include "tests/support/mounted_tree.hpp"

#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

enum class StateOn { same, other };

constexpr off_t tebibytes(off_t count) { return count << 40; }

class SparseFile : public MountedTreeTest, public testing::WithParamInterface<StateOn> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        if (GetParam() == StateOn::other) mount_tmpfs(state(), "mode=0700");
        outside(fmt::format(
            "cd {}; mkdir -p home/user; truncate -s 15T home/user/theirs; chmod 600 home/user/theirs",
            root().string()));
    }
    struct stat look(const std::string& path) const {
        struct stat status = {};
        sys::check(::stat((root() / path).c_str(), &status), "look at", path);
        return status;
    }
    /// A place for it is there, and nothing in it.
    void expect_sparse(const std::string& path, mode_t mode) const {
        const struct stat status = look(path);
        EXPECT_EQ(status.st_size, tebibytes(15)) << path;
        EXPECT_LT(status.st_blocks, 1024) << path;
        EXPECT_EQ(status.st_mode & 07777, mode) << path;
    }
};

TEST_P(SparseFile, IsReportedMergedAndRolledBack) {
    constexpr const char* work = "truncate -s 15T /srv/ours; chmod 644 /srv/ours; chmod -R g+rX /home/user";
    const auto preview = exec("--noop", work);
    ASSERT_EQ(preview.exit, 0) << preview.output << preview.error;
    const std::vector<std::string> announced = changes();
    EXPECT_THAT(announced, UnorderedElementsAre("created /srv/ours", "metadata /home/user/theirs"));
    const std::string fingerprint = last_report().at("fingerprint");

    const auto result = exec("--merge", work);
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(changes(), announced);
    EXPECT_EQ(last_report().at("fingerprint"), fingerprint);
    EXPECT_LT(preview.wall_s + result.wall_s, 60);
    expect_sparse("srv/ours", 0644);
    expect_sparse("home/user/theirs", 0640);

    const auto rollback = command("rollback");
    ASSERT_EQ(rollback.exit, 0) << rollback.error;
    EXPECT_FALSE(fs::exists(root() / "srv/ours"));
    expect_sparse("home/user/theirs", 0600);
    expect_nothing_left();
}

TEST_P(SparseFile, IsOneThatAWordInItMakesAnother) {
    const auto result =
        exec("--merge", "echo x | dd of=/home/user/theirs bs=1M seek=9000000 conv=notrunc status=none");
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(changes(), testing::ElementsAre("modified /home/user/theirs"));
    expect_sparse("home/user/theirs", 0600);
    const auto rollback = command("rollback");
    ASSERT_EQ(rollback.exit, 0) << rollback.error;
    EXPECT_EQ(look("home/user/theirs").st_blocks, 0);
    expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(StateOn, SparseFile, testing::Values(StateOn::same, StateOn::other),
                         [](const auto& where) {
                             return where.param == StateOn::same ? "TheSameMount" : "AnotherMount";
                         });

} // namespace
} // namespace disco::tests
