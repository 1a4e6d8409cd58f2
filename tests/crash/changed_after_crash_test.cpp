// A merge that is killed, and whoever works in the tree before it is recovered from.

#include "tests/support/faults.hpp"
#include "tests/support/mounted_tree.hpp"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ChangedAfterCrash : public MountedTreeTest {
protected:
    void SetUp() override {
        MountedTreeTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put_root_on("ext4", 128, {"-m", "0"});
        state_here = root() / "state"; // on the same file system
        put(root() / "opt/zz", "old\n");
        put(root() / "home/user/sub/f", "original\n");
    }
    /// A merge of a script that removes /opt/zz is killed when it has come to that.
    void crash(const std::string& script) {
        const auto words = exec_words("--merge", script);
        ChangingCall last;
        for (int i = 0; i < 2; ++i) { // the first makes the directories of the state
            const auto calls = changing_calls(words, (state() / "undo").string(), place() / "strace");
            const auto found = std::find_if(calls.begin(), calls.end(), [](const ChangingCall& call) {
                return call.name == "renameat2" && call.line.find("\"zz\"") != std::string::npos;
            });
            ASSERT_NE(found, calls.end());
            last = *found;
            ASSERT_EQ(command("rollback").exit, 0);
        }
        ASSERT_EQ(run_with_fault(words, last, "signal=KILL").signal, SIGKILL);
        ASSERT_TRUE(fs::exists(root() / "opt/zz"));
    }
    [[nodiscard]] std::string kept(const std::string& name) const {
        return outside(fmt::format("cat $(find {} -path '*/data/*' -type f -name {})",
                                   (state() / "changed-meanwhile").string(), name));
    }
    void TearDown() override {
        if (!IsSkipped() && !place().empty())
            outside(fmt::format("rm -rf {}/scratch/*", state().string())); // goes with the next run
        MountedTreeTest::TearDown();
    }
};

TEST_F(ChangedAfterCrash, AnOldTimeHidesNoContent) {
    crash("echo new > /etc/n1; rm /opt/zz");
    outside(fmt::format("cd {}; echo restored > t; touch -d 2020-01-01 t; cp -p t etc/n1; rm t",
                        root().string()));
    const auto recovered = command("recover");
    EXPECT_EQ(recovered.exit, 0) << recovered.error;
    EXPECT_THAT(recovered.output, HasSubstr("/etc/n1: somebody has changed it since it was merged"));
    EXPECT_EQ(kept("n1"), "restored\n");
}

TEST_F(ChangedAfterCrash, AnotherFileWithTheSameInodeIsNotTakenForDiscos) {
    crash("echo new > /etc/n1; rm /opt/zz");
    const std::string same =
        outside(fmt::format("cd {}/etc; i=$(stat -c %i n1); rm n1; for k in $(seq 500); do echo same > c$k; "
                            "[ $(stat -c %i c$k) != $i ] || break; done; touch -d 2020-01-01 c$k; mv c$k n1; "
                            "[ $(stat -c %i n1) != $i ] || echo same",
                            root().string()));
    if (same.empty()) GTEST_SKIP() << "this file system gives the inode to nobody so soon";
    const auto recovered = command("recover");
    EXPECT_EQ(recovered.exit, 0) << recovered.error;
    EXPECT_THAT(recovered.output, HasSubstr("/etc/n1: somebody has changed it since it was merged"));
    EXPECT_EQ(kept("n1"), "same\n");
}

TEST_F(ChangedAfterCrash, WhatWasMovedAwayIsSaid) {
    crash("echo new > /home/user/sub/new; rm /opt/zz");
    fs::rename(root() / "home/user/sub", root() / "home/user/other");
    const auto recovered = command("recover");
    EXPECT_EQ(recovered.exit, 0) << recovered.error;
    EXPECT_THAT(recovered.output, HasSubstr("/home/user/sub/new: somebody has removed it, or moved it"));
    EXPECT_THAT(recovered.output, HasSubstr("but for what somebody else has changed since"));
}

TEST_F(ChangedAfterCrash, AParentThatIsGoneStandsInNoWay) {
    for (const bool something_else : {false, true}) {
        crash("rm /home/user/sub/f; rm /opt/zz");
        fs::remove_all(root() / "home/user/sub");
        if (something_else) put(root() / "home/user/sub", "a file");
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << recovered.error;
        EXPECT_THAT(recovered.output, HasSubstr("/home/user/sub/f: its directory is gone"));
        EXPECT_EQ(kept("0"), "original\n");
        EXPECT_EQ(exec("--merge", "true").exit, 0);
        fs::remove_all(state() / "changed-meanwhile");
        fs::remove_all(root() / "home/user/sub");
        put(root() / "home/user/sub/f", "original\n");
    }
}

} // namespace
} // namespace disco::tests
