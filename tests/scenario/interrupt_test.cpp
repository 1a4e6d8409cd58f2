// Two dances at once, and Ctrl-C at any time.

#include "runner/sys/error.hpp"
#include "tests/support/throw_away.hpp"

#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Interrupt : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        module_file("a", "files/etc/a", "a\n");
        module_file("b", "templates/etc/b", "echo b; sleep 0.05");
        script("b", "10-x.sh", "#!/bin/bash\necho c > /etc/c\nsleep 0.05\n");
        want("a");
        want("b");
    }
};

TEST_F(Interrupt, AtAnyTimeLeavesTheOldTreeOrTheNewOne) {
    const Snapshot before = root_snapshot();
    int interrupted = 0, done = 0;
    for (useconds_t delay = 0; delay < 400'000 && done == 0; delay += 9'000) {
        const pid_t child = start(dance_words({}));
        ::usleep(delay);
        ::kill(child, SIGINT);
        const int exit = exit_of(child);
        ASSERT_TRUE(exit == 130 || exit == 0 || exit == 1000 + SIGINT) // before it watches for signals
            << exit << log();
        EXPECT_TRUE(!fs::exists(state() / "scratch") || fs::is_empty(state() / "scratch"));
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process outlived the run";
        if (exit == 0) {
            ++done;
            EXPECT_EQ(read("etc/c"), "c\n");
        } else {
            ++interrupted;
            if (difference(before, root_snapshot()).empty()) continue;
            // The signal came after the merge had begun, which it does not stop.
            EXPECT_EQ(read("etc/a") + read("etc/b") + read("etc/c"), "a\nb\nc\n");
            ++done;
        }
    }
    EXPECT_GT(interrupted, 5);
}

TEST_F(Interrupt, OfANoopChangesNothing) {
    script("b", "20-y.sh", "#!/bin/bash\necho sleeping\nsleep 100\n");
    const Snapshot before = root_snapshot();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        fs::remove(place() / "log");
        const pid_t child = start(dance_words({"--noop", "--profile", "simulate", "--module", "b"}));
        EXPECT_TRUE(wait_for_script()) << log();
        ::kill(child, signal);
        EXPECT_EQ(exit_of(child), 128 + signal);
        EXPECT_EQ(last_report().at("run").at("outcome"), "interrupted");
        EXPECT_THAT(log(), testing::HasSubstr("; nothing was merged (run "));
    }
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Interrupt, AfterTheMergeItStaysAndIsSaidTo) {
    module_file("b", "checks/10-long.sh", "#!/bin/bash\necho sleeping\nsleep 100\n", 0755);
    const Snapshot before = root_snapshot();
    const pid_t child = start(dance_words({}));
    ASSERT_TRUE(wait_for_script()) << log();
    ::kill(child, SIGINT);
    EXPECT_EQ(exit_of(child), 128 + SIGINT);
    EXPECT_NE(difference(before, root_snapshot()), "");
    EXPECT_EQ(last_report().at("run").at("outcome"), "merged");
    EXPECT_THAT(log(), testing::AllOf(testing::HasSubstr("interrupted by SIGINT"),
                                      testing::ContainsRegex("changes? merged  \\("),
                                      testing::Not(testing::HasSubstr("nothing was merged"))));
}

TEST_F(Interrupt, KilledOutrightTheNextRunCleansUp) {
    script("b", "20-y.sh", "#!/bin/bash\necho sleeping\nsleep 100\n");
    const Snapshot before = root_snapshot();
    const pid_t child = start(dance_words({"--noop", "--profile", "simulate"}));
    ASSERT_TRUE(wait_for_script());
    ::kill(child, SIGKILL);
    EXPECT_EQ(exit_of(child), 1000 + SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {} // PID 1 of the sandbox dies with its parent, and all in it
    EXPECT_FALSE(fs::is_empty(state() / "scratch"));
    fs::remove(universe() / "modules/b/scripts/20-y.sh");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Interrupt, TheSecondDanceSaysWhoHoldsTheLock) {
    script("b", "20-y.sh", "#!/bin/bash\necho sleeping\nsleep 100\n");
    const pid_t child = start(dance_words({}));
    ASSERT_TRUE(wait_for_script());
    for (const bool dry : {true, false}) {
        const auto second = dry ? noop() : live();
        EXPECT_EQ(second.exit, 75);
        EXPECT_THAT(second.error, HasSubstr("process " + std::to_string(child)));
    }
    const auto waiting = live({"--wait", "1"});
    EXPECT_EQ(waiting.exit, 75);
    ::kill(child, SIGTERM);
    EXPECT_EQ(exit_of(child), 128 + SIGTERM);
    fs::remove(universe() / "modules/b/scripts/20-y.sh");
    EXPECT_EQ(live().exit, 0);
}

} // namespace
} // namespace disco::tests
