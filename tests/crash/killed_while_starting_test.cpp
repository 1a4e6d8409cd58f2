// A run is killed while it makes its namespaces, or while another process works for one of the sandbox's:
// none of its helpers outlives it, and with them the lock of the state.

#include "tests/support/faults.hpp"
#include "tests/support/mounted_tree.hpp"
#include "tests/support/processes.hpp"

#include <csignal>

#include <sys/wait.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

class KilledWhileStarting : public MountedTreeTest {
protected:
    void TearDown() override {
        // The next run clears what a killed one has left, and needs the lock for it.
        if (!IsSkipped() && !place().empty()) {
            EXPECT_EQ(exec("--merge", "true").exit, 0);
        }
        MountedTreeTest::TearDown();
    }
    /// Whether all processes of the run end within ten seconds: they have its command line.
    [[nodiscard]] bool all_end() const {
        for (int tries = 0; tries < 1000; ++tries, ::usleep(10'000)) {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
            if (processes_with({state().string()}).empty()) return true;
        }
        return false;
    }
};

TEST_F(KilledWhileStarting, WhoHoldsItsNamespacesEndsToo) {
    need({"/usr/bin/strace"});
    if (IsSkipped() || HasFatalFailure()) return;
    fs::create_directories(state());
    const auto words = exec_words("--noop", "true");
    // They are there from before the first of their two maps is written on.
    const auto calls = changing_calls(words, "/uid_map", place() / "strace");
    ASSERT_GE(calls.size(), 2U);
    for (const ChangingCall& call : {calls[0], calls[1]}) {
        ASSERT_EQ(call.name, "write") << call.line;
        EXPECT_EQ(run_with_fault(words, call, "signal=KILL").signal, SIGKILL) << call.line;
        EXPECT_TRUE(all_end()) << call.line;
        wait_for_orphans(); // to reap them
    }
}

/// In a place where a file system's server does not answer.
class WaitsForAFileSystem : public KilledWhileStarting {
protected:
    void SetUp() override {
        MountedTreeTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        need_fuse();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directories(state());
        fs::create_directories(place() / "what");
        mount_fuse(place() / "what", root() / "srv");
        server_ = wait_for_process({"bindfs ", place().string()});
        ASSERT_NE(server_, 0);
        run_ = start(exec_words("--noop", "echo sleeping; sleep 1; mknod /srv/x c 1 3"));
        ASSERT_TRUE(wait_for_script()) << log();
        ::kill(server_, SIGSTOP);
        ::sleep(3); // the device is being made by now
    }
    void TearDown() override {
        if (server_ > 0) ::kill(server_, SIGCONT);
        KilledWhileStarting::TearDown();
    }
    pid_t server_ = 0, run_ = 0;
};

TEST_F(WaitsForAFileSystem, WhoMakesADeviceIsInterrupted) {
    ::kill(run_, SIGINT);
    int status = 0;
    pid_t ended = 0;
    for (int tries = 0; tries < 2000 && ended == 0; ++tries, ::usleep(10'000))
        ended = ::waitpid(run_, &status, WNOHANG);
    ASSERT_EQ(ended, run_) << "it still waits after twenty seconds";
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 128 + SIGINT) << log();
    EXPECT_TRUE(processes_with({state().string()}).empty()) << "a process outlived the run";
}

TEST_F(WaitsForAFileSystem, WhoMakesADeviceEndsWithTheRun) {
    ::kill(run_, SIGKILL);
    EXPECT_EQ(exit_of(run_), 1000 + SIGKILL);
    EXPECT_TRUE(all_end()) << "a process outlived the run";
}

} // namespace
} // namespace disco::tests
