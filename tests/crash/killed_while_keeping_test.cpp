// A rollback that keeps a part is killed at every system call that changes something: afterwards all is as
// the run had left it, and can be undone to the last file, or all but what is kept is undone.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/mounted_tree.hpp"

#include <csignal>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

class KilledWhileKeeping : public MountedTreeTest {
protected:
    void SetUp() override {
        MountedTreeTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        mount_tmpfs(root() / "home");
        mount_tmpfs(root() / "opt");
        reset();
    }
    /// As at the start.
    void reset() {
        outside(fmt::format(
            "cd {}; rm -rf srv home/* opt/* {}/*; mkdir srv; for i in srv/f home/f opt/f; do echo old > "
            "$i; done",
            root().string(), state().string()));
        before = contents(root());
    }
    void merge() const {
        const auto result =
            exec("--merge", "set -e; for i in /srv /home /opt; do echo new > $i/f; mkdir -p $i/d/sub; echo x "
                            "> $i/d/x; echo y > $i/d/sub/y; done");
        ASSERT_EQ(result.exit, 0) << result.output << result.error;
    }
    [[nodiscard]] std::vector<std::string> words() const {
        return {disco_binary(), "rollback", "--keep",   "/home/**",    "--keep",
                "/srv/d/sub",   "--keep",   "/opt/d/x", "--state-dir", state()};
    }
    Snapshot before;
};

TEST_F(KilledWhileKeeping, ARollbackIsWholeOrNothing) {
    merge();
    const Snapshot merged = contents(root());
    const auto calls = changing_calls(words(), (state() / "undo").string(), place() / "strace");
    const Snapshot undone = contents(root());
    ASSERT_GT(calls.size(), 30U);
    EXPECT_EQ(native("cat /home/f /srv/f /opt/f; find /srv/d /opt/d -type f"),
              "new\nold\nold\n/srv/d/sub/y\n/opt/d/x\n");
    std::size_t old_ones = 0, new_ones = 0;
    for (const ChangingCall& call : sample_of(calls, 3)) {
        reset();
        merge();
        EXPECT_EQ(run_with_fault(words(), call, "signal=KILL").signal, SIGKILL) << call.line;
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << call.line << "\n" << recovered.error;
        outside(fmt::format("rm -rf {}/scratch/*", state().string())); // goes with the next run
        expect_nothing_left();
        if (difference(undone, contents(root())).empty()) {
            ++new_ones;
            EXPECT_EQ(command("rollback").exit, 0) << call.line; // of the rollback
            EXPECT_EQ(difference(merged, contents(root())), "") << "killed at " << call.line;
        } else {
            ++old_ones;
            EXPECT_EQ(difference(merged, contents(root())), "") << "killed at " << call.line;
            const auto all = command("rollback");
            EXPECT_EQ(all.exit, 0) << call.line << "\n" << all.output << all.error;
            EXPECT_EQ(difference(before, contents(root())), "") << "killed at " << call.line;
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(old_ones, 0U);
    EXPECT_GT(new_ones, 0U);
}

} // namespace
} // namespace disco::tests
