// A file system that cannot rename as a merge has to (renameat2(2) with flags), here one of FUSE.

#include "tests/support/mounted_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class RenameTrial : public MountedTreeTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        need_fuse();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directories(state());
        mount_fuse(place() / "shared", root() / "srv/shared");
        put(root() / "srv/shared/one", "one\n");
        put(root() / "etc/motd", "welcome\n");
    }
    /// Of a script that changes the rest of the tree as well.
    void expect_refused(const std::string& script, const std::string& flag) {
        const Snapshot before = tree();
        const Snapshot rest = snapshot(root() / "etc"), shared = restorable(root() / "srv/shared");
        const std::string all = "echo more >> /etc/motd; " + script;
        const auto preview = exec("--noop", all);
        EXPECT_EQ(preview.exit, 0) << preview.output << preview.error;
        const auto result = exec("--merge", all);
        EXPECT_EQ(result.exit, 4) << result.output << result.error;
        EXPECT_THAT(result.output + result.error,
                    AllOf(HasSubstr("nothing was merged, as the file system at '/srv/shared' cannot"),
                          HasSubstr(flag), HasSubstr("Invalid argument"), HasSubstr("disco-defer")));
        EXPECT_EQ(difference(rest, snapshot(root() / "etc")), "") << "it was changed, and changed back";
        EXPECT_EQ(difference(shared, restorable(root() / "srv/shared")), "");
        EXPECT_EQ(difference(before, tree()), "");
        EXPECT_EQ(command("recover").exit, 0);
        expect_nothing_left();
    }
};

TEST_F(RenameTrial, SomethingNewIsRefusedBeforeAnythingIsChanged) {
    expect_refused("echo x > /srv/shared/new", "RENAME_NOREPLACE");
}

TEST_F(RenameTrial, AReplacementIsRefusedBeforeAnythingIsChanged) {
    expect_refused("echo more >> /srv/shared/one", "rename");
}

TEST_F(RenameTrial, ARemovalIsRefusedBeforeAnythingIsChanged) {
    expect_refused("rm /srv/shared/one", "RENAME_NOREPLACE");
}

TEST_F(RenameTrial, MetadataAloneAreMergedAndRolledBack) {
    const auto result = exec("--merge", "chmod 600 /srv/shared/one; echo more >> /etc/motd");
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(fs::status(root() / "srv/shared/one").permissions(), fs::perms{0600});
    EXPECT_EQ(read("etc/motd"), "welcome\nmore\n");
    ASSERT_EQ(command("rollback").exit, 0);
    EXPECT_EQ(fs::status(root() / "srv/shared/one").permissions(), fs::perms{0644});
    expect_nothing_left();
}

TEST_F(RenameTrial, ARunThatChangesNothingThereIsMerged) {
    const auto result = exec("--merge", "cat /srv/shared/one >> /etc/motd");
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/motd"), "welcome\none\n");
    expect_nothing_left();
}

} // namespace
} // namespace disco::tests
