// Rolling back a run, and then an earlier one that had changed the same: what a rollback has put back is as
// the earlier run had left it.

#include "tests/support/mounted_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RollbackOrder : public MountedTreeTest {
protected:
    void SetUp() override {
        MountedTreeTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        native(reset);
    }
    /// Merges a script; the run's name.
    [[nodiscard]] std::string merged(const std::string& script) const {
        const auto result = exec("--merge", "set -e\n" + script);
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        return last_report().at("run").at("id");
    }
    [[nodiscard]] sys::ProgramResult roll_back(const std::string& run,
                                               const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words = {"rollback", run, "--state-dir", state()};
        words.insert(words.end(), more.begin(), more.end());
        return disco(words);
    }
    /// The name of the run that rolled it back.
    std::string rolled_back(const std::string& run) const {
        const auto result = roll_back(run);
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        return last_report().at("run").at("id");
    }

    static constexpr const char* reset = R"(
        rm -rf /opt /srv/* /etc/new* /etc/link /etc/dir; mkdir /etc/dir; echo x > /etc/dir/x; ln -s changed /etc/link
        for name in etc/changed etc/mode etc/removed srv/changed; do echo before > /$name; done; chmod 644 /etc/mode)";
    static constexpr const char* first = R"(
        echo first > /etc/changed; chmod 600 /etc/mode; rm /etc/removed; ln -sfn first /etc/link
        echo first > /etc/new; rm -r /etc/dir; mkdir -p /etc/dir/deep /opt/tree/sub/deep; echo first > /etc/dir/deep/y
        for name in a b sub/c sub/deep/d; do echo first > /opt/tree/$name; done
        echo first > /srv/changed; echo first > /srv/new; mkdir /srv/dir; echo first > /srv/dir/x)";
    static constexpr const char* second = R"(
        echo second > /etc/changed; chmod 640 /etc/mode; echo second > /etc/removed; ln -sfn second /etc/link
        rm -f /etc/new; rm -r /etc/dir; echo second > /etc/dir
        echo second > /opt/tree/a; rm /opt/tree/b; chmod 700 /opt/tree; touch /opt/tree/sub/deep/more; rm -rf /opt/tree/sub/c
        echo second > /srv/changed; rm /srv/new; touch /srv/dir/more)";
};

TEST_F(RollbackOrder, TheLastFirst) {
    const Snapshot before = contents(root());
    const std::string a = merged(first);
    const Snapshot after_first = contents(root());
    const std::string b = merged(second);
    rolled_back(b);
    EXPECT_EQ(difference(after_first, contents(root())), "");
    EXPECT_EQ(roll_back(a, {"--noop"}).exit, 0);
    rolled_back(a);
    EXPECT_EQ(difference(before, contents(root())), "");
}

TEST_F(RollbackOrder, ThreeOfTheSame) {
    const Snapshot before = contents(root());
    const std::string a = merged(first), b = merged(second);
    const std::string c = merged("echo third > /etc/changed; chmod 644 /etc/mode; rm -r /opt/tree/sub; touch "
                                 "/opt/tree/third; rm /etc/dir");
    for (const std::string& run : {c, b, a}) rolled_back(run);
    EXPECT_EQ(difference(before, contents(root())), "");
}

TEST_F(RollbackOrder, AfterTwoThatBothCameAndWent) {
    const Snapshot before = contents(root());
    const std::string a = merged(first);
    rolled_back(merged(second));
    rolled_back(merged("touch /opt/tree/third /opt/tree/sub/third; echo third > /etc/changed"));
    rolled_back(a);
    EXPECT_EQ(difference(before, contents(root())), "");
}

TEST_F(RollbackOrder, AfterOneThatWentForthAndBack) {
    const Snapshot before = contents(root());
    const std::string a = merged(first);
    const std::string back = rolled_back(merged(second));
    const std::string forth = rolled_back(back);
    EXPECT_EQ(roll_back(a).exit, 8) << "the second run is there again";
    rolled_back(forth);
    rolled_back(a);
    EXPECT_EQ(difference(before, contents(root())), "");
}

/// Copies are put back there, which are other inodes.
TEST_F(RollbackOrder, OnAnotherFileSystemThanTheState) {
    mount_image("ext4", 16, root() / "srv");
    put(root() / "srv/changed", "before\n");
    const Snapshot before = contents(root());
    const std::string a = merged(first);
    rolled_back(merged(second));
    rolled_back(merged(second));
    rolled_back(a);
    EXPECT_EQ(difference(before, contents(root())), "");
}

TEST_F(RollbackOrder, TimesThatWereSetBetweenDoNotMatter) {
    const Snapshot before = contents(root());
    const std::string a = merged(first);
    const std::string touch = "touch -d @978307200 /etc/changed /opt/tree/a";
    EXPECT_EQ(exec("--merge", touch).exit, 0);
    rolled_back(merged(second));
    EXPECT_EQ(exec("--merge", "touch -d @978307300 /etc/changed /opt/tree/a").exit, 0);
    rolled_back(a);
    EXPECT_EQ(difference(before, contents(root())), "");
}

/// Whenever that was.
TEST_F(RollbackOrder, WhatSomebodyElseChangedIsAConflict) {
    struct Row {
        const char *meddling, *path;
    };
    for (const Row& row :
         {Row{"echo theirs > /etc/changed", "/etc/changed"}, Row{"chmod 604 /etc/mode", "/etc/mode"},
          Row{"touch -d @978307200 /opt/tree/a", "/opt/tree/a"},
          Row{"touch /opt/tree/sub/deep/theirs", "/opt/tree/sub/deep/theirs"},
          Row{"touch /opt/theirs", "/opt/theirs"}, Row{"rm /opt/tree/sub/c", "/opt/tree/sub"},
          Row{"chmod 711 /opt/tree", "/opt/tree"},
          Row{"mv /etc/new /etc/new2; cp -p /etc/new2 /etc/new", "/etc/new"}}) {
        for (const bool between : {true, false}) {
            const std::string a = merged(first);
            if (between) native(row.meddling);
            const std::string back = rolled_back(merged(second));
            if (!between) native(row.meddling);
            const Snapshot as_it_is = root_snapshot();
            const auto result = roll_back(a);
            EXPECT_EQ(result.exit, 8) << row.meddling << between << result.output << result.error;
            EXPECT_THAT(result.output, HasSubstr(fmt::format("conflict: {}:", row.path))) << row.meddling;
            EXPECT_EQ(difference(as_it_is, root_snapshot()), "") << row.meddling;
            fs::remove_all(state());
            native(reset);
        }
    }
}

} // namespace
} // namespace disco::tests
