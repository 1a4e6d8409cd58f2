// A merge onto another file system than the store's is killed while its directory there is removed, and a
// recovery while it puts aside what somebody else has changed: the only copy of something must not be lost.

#include "tests/support/build_tree.hpp"
#include "tests/support/every_kind.hpp"
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
using Calls = std::vector<ChangingCall>;

class KilledWhileClearing : public MountedTreeTest, public testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        MountedTreeTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        need({"/usr/bin/strace"});
        if (IsSkipped() || HasFatalFailure()) return;
        if (GetParam()) mount_tmpfs(state());
        fs::create_directories(state());
        reset();
        words_ = exec_words("--merge", change_every_kind);
        ASSERT_EQ(exec("--merge", change_every_kind).exit, 0); // so that the state's directories are there
        reset();
    }
    void TearDown() override {
        if (!IsSkipped() && !place().empty()) outside(fmt::format("rm -rf {}/scratch/*", state().string()));
        MountedTreeTest::TearDown();
    }
    void reset() {
        outside(fmt::format(
            "cd {0}; rm -rf srv home {1}/undo {1}/runs/* {1}/scratch/* {1}/changed-meanwhile; {2}",
            root().string(), state().string(), furnish_every_kind));
    }
    void kill_at(const std::vector<std::string>& words, const ChangingCall& call) const {
        EXPECT_EQ(run_with_fault(words, call, "signal=KILL").signal, SIGKILL) << call.line;
        wait_for_orphans();
    }
    [[nodiscard]] Calls calls_of(const std::vector<std::string>& words) const {
        return changing_calls(words, state() / "undo", place() / "strace");
    }
    /// From the first one on that is shown with `text`.
    [[nodiscard]] static Calls from(const Calls& calls, std::string_view text) {
        return {
            std::find_if(calls.begin(), calls.end(),
                         [&](const ChangingCall& call) { return call.line.find(text) != std::string::npos; }),
            calls.end()};
    }
    /// Where everything is copied as well there are three times as many.
    [[nodiscard]] static Calls to_try(const Calls& calls) { return GetParam() ? sample_of(calls, 3) : calls; }
    /// Whether `disco runs` says that the run can be rolled back.
    [[nodiscard]] bool is_offered(const std::string& run) const {
        const std::string lines = command("runs").output;
        const std::size_t at = lines.find(run);
        return at != std::string::npos &&
               lines.substr(at, lines.find('\n', at) - at).find("can be rolled back") != std::string::npos;
    }
    std::vector<std::string> words_;
};

TEST_P(KilledWhileClearing, AMergeCanStillBeRolledBack) {
    const Snapshot before = tree();
    const Calls calls = from(calls_of(words_), "committed");
    const Snapshot merged = tree();
    ASSERT_GT(calls.size(), GetParam() ? 20U : 3U);
    for (const ChangingCall& call : to_try({calls.begin() + 2, calls.end()})) { // the line, its fsync
        reset();
        kill_at(words_, call);
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << call.line << "\n" << recovered.output << recovered.error;
        EXPECT_EQ(difference(merged, tree()), "") << "killed at " << call.line;
        outside(fmt::format("rm -rf {}/scratch/*", state().string()));
        expect_nothing_left();
        const auto rollback = command("rollback");
        EXPECT_EQ(rollback.exit, 0) << call.line << "\n" << rollback.output << rollback.error;
        EXPECT_EQ(difference(before, tree()), "") << "killed at " << call.line;
        if (HasFailure()) break;
    }
}

TEST_P(KilledWhileClearing, WhatSomebodyElseChangedIsKept) {
    const ChangingCall before_the_commit = from(calls_of(words_), "committed").at(0);
    const auto crashed = [&] {
        reset();
        Snapshot before = restorable(root());
        kill_at(words_, before_the_commit);
        outside(fmt::format("echo somebody else >> {}/srv/data/one", root().string()));
        return before;
    };
    const std::vector<std::string> words = {disco_binary(), "recover", "--state-dir", state()};
    (void)crashed();
    const Calls calls = from(calls_of(words), "undone");
    ASSERT_GT(calls.size(), 3U);
    for (const ChangingCall& call : to_try(calls)) {
        const Snapshot before = crashed();
        kill_at(words, call);
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << call.line << "\n" << recovered.output << recovered.error;
        EXPECT_EQ(difference(before, restorable(root())), "") << "killed at " << call.line;
        EXPECT_THAT(outside(fmt::format("cat $(find {}/changed-meanwhile -type f)", state().string())),
                    HasSubstr("somebody else\n"))
            << "killed at " << call.line;
        EXPECT_TRUE(fs::is_empty(state() / "undo")) << "killed at " << call.line;
        if (HasFailure()) break;
    }
}

TEST_P(KilledWhileClearing, WhatSomebodyElseRemovedStaysRemoved) {
    const ChangingCall before_the_commit = from(calls_of(words_), "committed").at(0);
    reset();
    const std::string original = outside(fmt::format("cat {}/srv/data/one", root().string()));
    kill_at(words_, before_the_commit);
    ASSERT_NE(outside(fmt::format("cat {}/srv/data/one", root().string())), original);
    fs::remove(root() / "srv/data/one");
    for (int time = 0; time < 2; ++time) {
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << recovered.output << recovered.error;
        if (time == 0) {
            EXPECT_THAT(recovered.output + recovered.error,
                        HasSubstr("/srv/data/one: somebody has removed it"));
        }
        EXPECT_FALSE(fs::exists(root() / "srv/data/one"));
    }
    EXPECT_THAT(outside(fmt::format("cat $(find {}/changed-meanwhile -type f)", state().string())),
                HasSubstr(original));
    EXPECT_TRUE(fs::is_empty(state() / "undo"));
}

/// Five runs are kept by default.
TEST_P(KilledWhileClearing, AnOldRunIsThereAsAWholeOrNotAtAll) {
    fs::remove_all(state() / "undo");
    for (const char* name : {"1", "2", "3", "4", "5"})
        ASSERT_EQ(exec("--merge", fmt::format("echo {0} > /srv/{0}; rm -f /srv/many", name)).exit, 0);
    std::string oldest = "~"; // names sort by time
    for (const auto& run : fs::directory_iterator{state() / "undo"})
        oldest = std::min(oldest, run.path().filename().string());
    const fs::path kept = state() / "undo" / oldest;
    const Snapshot whole = contents(kept);
    outside(fmt::format("cp -a {} {}/copy", state().string(), place().string()));
    const auto again = [&] {
        outside(fmt::format("rm -rf {0}/* {1}/srv/6; cp -a {2}/copy/. {0}", state().string(), root().string(),
                            place().string()));
    };
    const auto words = exec_words("--merge", "echo 6 > /srv/6");
    const Calls calls = from(calls_of(words), "record");
    ASSERT_GT(calls.size(), 10U);
    std::size_t there = 0, gone = 0;
    for (const ChangingCall& call : to_try(calls)) {
        again();
        kill_at(words, call);
        EXPECT_EQ(command("recover").exit, 0) << call.line;
        const bool offered = is_offered(oldest);
        ++(offered ? there : gone);
        if (offered)
            EXPECT_EQ(difference(whole, contents(kept)), "") << call.line;
        else
            EXPECT_FALSE(fs::exists(kept)) << call.line;
        if (HasFailure()) break;
    }
    EXPECT_GT(there, 0U);
    EXPECT_GT(gone, 0U);
}

INSTANTIATE_TEST_SUITE_P(State, KilledWhileClearing, testing::Bool(),
                         [](const auto& elsewhere) { return elsewhere.param ? "Elsewhere" : "OnTheSame"; });

} // namespace
} // namespace disco::tests
