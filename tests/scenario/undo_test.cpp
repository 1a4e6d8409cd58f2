// What can be done about a merge afterwards: rollback, runs, confirm, recover.

#include "runner/sys/error.hpp"
#include "runner/sys/file_lock.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/throw_away.hpp"

#include <csignal>
#include <memory>
#include <thread>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Undo : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        module_file("m", "files/etc/motd", "Managed.\n");
        module_file("m", "files/etc/new", "new\n");
        script("m", "10-remove.sh", "rm -f /etc/old\n");
        put(root() / "etc/old", "old\n");
        want("m");
    }
    [[nodiscard]] sys::ProgramResult command(std::vector<std::string> words) const {
        words.insert(words.end(), {"--state-dir", state()});
        return disco(words);
    }
    [[nodiscard]] std::string last_run() const { return last_report().at("run").at("id"); }
    void expect_merged() const {
        EXPECT_EQ(read("etc/motd"), "Managed.\n");
        EXPECT_TRUE(fs::exists(root() / "etc/new"));
        EXPECT_FALSE(fs::exists(root() / "etc/old"));
    }
    void expect_undone() const {
        EXPECT_EQ(read("etc/motd"), "Welcome.\n");
        EXPECT_FALSE(fs::exists(root() / "etc/new"));
        EXPECT_EQ(read("etc/old"), "old\n");
    }
    [[nodiscard]] bool undone_within(std::chrono::seconds limit) const {
        const auto until = std::chrono::steady_clock::now() + limit;
        while (fs::exists(root() / "etc/new")) {
            if (std::chrono::steady_clock::now() > until) return false;
            ::usleep(20'000);
        }
        return true;
    }
    /// The process that waits for the confirmation of a run, once it waits.
    [[nodiscard]] pid_t watcher() const { return wait_for_process({"--await", state()}); }
    /// Waits for a run that was started to ask for confirmation; false: it has ended.
    [[nodiscard]] bool asks(pid_t run) const {
        while (log().find("unless it is confirmed") == std::string::npos) {
            siginfo_t ended = {};
            if (::waitid(P_PID, static_cast<id_t>(run), &ended, WEXITED | WNOWAIT | WNOHANG) != 0 ||
                ended.si_pid != 0)
                return false;
            ::usleep(20'000);
        }
        return true;
    }
    /// Waits until the last run may not be confirmed any more.
    void let_time_run_out() const {
        const std::time_t deadline = std::stol(sys::read_file(state() / "undo" / last_run() / "confirm"));
        while (std::time(nullptr) <= deadline) ::usleep(100'000);
    }
};

TEST_F(Undo, ARollbackPutsEverythingBackAndCanBeUndoneItself) {
    const Snapshot before = contents(root());
    ASSERT_EQ(live().exit, 0);
    expect_merged();
    const std::string run = last_run();
    EXPECT_THAT(command({"runs"}).output, HasSubstr(run + "  live  merged       exit 0    3 changes"));
    EXPECT_THAT(command({"runs"}).output, HasSubstr("can be rolled back"));

    const Snapshot merged = root_snapshot();
    const auto preview = command({"rollback", "--noop", "--diff", run});
    EXPECT_EQ(preview.exit, 0) << preview.error;
    EXPECT_THAT(preview.output, HasSubstr("-Managed.\n"));
    EXPECT_THAT(preview.output, HasSubstr("+Welcome.\n"));
    EXPECT_THAT(preview.output, HasSubstr("3 changes pending, nothing was merged"));
    EXPECT_EQ(difference(merged, root_snapshot()), "");

    const auto result = command({"rollback"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(difference(before, contents(root())), "");
    EXPECT_THAT(changes_of(last_report(), "rollback of " + run),
                ElementsAre("created /etc/old", "deleted /etc/new", "modified /etc/motd"));
    EXPECT_THAT(command({"runs"}).output, HasSubstr("rolled back by " + last_run()));
    EXPECT_THAT(command({"rollback", run}).error, HasSubstr("has been rolled back already"));

    EXPECT_EQ(command({"rollback", "--detailed-exitcode"}).exit, 2); // of the rollback
    expect_merged();
}

TEST_F(Undo, ARollbackRefusesToOverwriteWhatSomebodyElseChanged) {
    ASSERT_EQ(live().exit, 0);
    const std::string run = last_run();
    put(root() / "etc/motd", "By hand.\n");
    const Snapshot before = root_snapshot();
    for (const char* mode : {"--noop", "--quiet"}) {
        const auto result = command({"rollback", mode});
        EXPECT_EQ(result.exit, 8) << result.output;
        EXPECT_THAT(result.output, HasSubstr("conflict: /etc/motd"));
        EXPECT_THAT(result.output, HasSubstr((state() / "undo" / run / "data").string()));
        EXPECT_EQ(difference(before, root_snapshot()), "");
    }
}

TEST_F(Undo, AnEarlierRunCanBeRolledBackIfNoLaterOneIsInTheWay) {
    ASSERT_EQ(live().exit, 0);
    const std::string first = last_run();
    module_file("m", "files/srv/other", "other\n");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(command({"rollback", first}).exit, 0);
    expect_undone();
    EXPECT_EQ(read("srv/other"), "other\n");
}

TEST_F(Undo, TheLastRunsAreKept) {
    parameter(node, "disco/client/undo/runs", "2");
    for (int i = 0; i < 4; ++i) {
        module_file("m", "files/etc/new", fmt::format("{}\n", i));
        ASSERT_EQ(live().exit, 0);
    }
    std::size_t kept = 0;
    for (const auto& run : fs::directory_iterator{state() / "undo"})
        kept += fs::exists(run.path() / "data") ? 1 : 0;
    EXPECT_EQ(kept, 2U);
    EXPECT_EQ(command({"rollback"}).exit, 0);
    EXPECT_EQ(read("etc/new"), "2\n");
}

TEST_F(Undo, TheLastReportsAreKeptAndThoseOfWhatCanBeUndone) {
    ASSERT_EQ(live().exit, 0);
    const std::string merged = last_run();
    parameter(node, "disco/client/reports/runs", "3");
    for (int i = 0; i < 4; ++i) ASSERT_EQ(noop().exit, 0);
    std::vector<std::string> kept;
    for (const auto& run : fs::directory_iterator{state() / "runs"}) kept.push_back(run.path().filename());
    EXPECT_EQ(kept.size(), 3U);
    EXPECT_THAT(kept, testing::Contains(merged));
}

TEST_F(Undo, WhoOnlyReadsMakesNoStateDirectory) {
    const fs::path mistyped = place() / "mistyped";
    const auto runs = disco({"runs", "--state-dir", mistyped});
    EXPECT_EQ(runs.exit, 0);
    EXPECT_EQ(runs.output, "");
    EXPECT_THAT(runs.error, HasSubstr("no run is recorded in '" + (mistyped / "runs").string()));
    const auto report = disco({"report", "--state-dir", mistyped});
    EXPECT_EQ(report.exit, 78);
    EXPECT_THAT(report.error, HasSubstr("no run is recorded in '" + (mistyped / "runs").string()));
    EXPECT_EQ(disco({"policy", "check", "--scripts", "--forget", "--state-dir", mistyped}).exit, 0);
    EXPECT_FALSE(fs::exists(mistyped));
}

/// What it is told to type works as it is.
TEST_F(Undo, HintsNameTheStateDirectory) {
    const auto result = command({"confirm"});
    EXPECT_THAT(result.error, HasSubstr("disco runs --state-dir " + state().string()));
}

TEST_F(Undo, NothingToRollBackIsSaid) {
    const auto result = command({"rollback"});
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.error, HasSubstr("there is no run to roll back"));
    EXPECT_EQ(command({"recover"}).output, "There is nothing to recover.\n");
    EXPECT_THAT(command({"confirm"}).error, HasSubstr("no run waits for confirmation"));
}

TEST_F(Undo, ARunThatCannotBeMeantIsSaid) {
    EXPECT_EQ(noop().exit, 0);
    const std::string noop_run = last_run();
    EXPECT_EQ(live().exit, 0);
    for (const char* verb : {"rollback", "confirm"}) {
        EXPECT_EQ(command({verb, "1999"}).exit, 78);
        EXPECT_THAT(command({verb, "1999"}).error, HasSubstr("there is no run '1999'"));
        EXPECT_THAT(command({verb, "2"}).error,
                    testing::AllOf(HasSubstr("'2' fits 2 runs; 'disco runs"), HasSubstr("' lists them")));
        EXPECT_EQ(command({verb, noop_run}).exit, 4);
    }
    EXPECT_THAT(command({"rollback", noop_run}).error, HasSubstr("it merged nothing"));
    EXPECT_THAT(command({"confirm", last_run()}).error, HasSubstr("it does not wait for that"));
    EXPECT_EQ(command({"rollback"}).exit, 0);
    EXPECT_EQ(last_report().at("run").at("node"), node);
}

TEST_F(Undo, AJournalOfAnotherVersionIsRefusedByName) {
    put(state() / "undo/20200101T000000.000Z-000000/journal",
        "{\"disco-journal\":99,\"disco_version\":\"7.1\"}\n");
    for (const auto& result : {live(), noop(), command({"recover"})}) {
        EXPECT_EQ(result.exit, 4) << result.output;
        EXPECT_THAT(result.error, HasSubstr("it is of version 99"));
        EXPECT_THAT(result.error, HasSubstr("7.1"));
    }
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
    fs::remove_all(state() / "undo");
}

TEST_F(Undo, WhatIsNotThereIsNamedAndWhatToDo) {
    const std::string run = "20200101T000000.000Z-000000";
    put(state() / "undo" / run / "journal",
        R"({"disco-journal":1,"disco_version":"0","rolls_back":"","root":"/gone","run":")" + run +
            R"(","trees":[{"aside":"","atime":[0,0],"live":"/gone","mtime":[0,0],"prefix":""}]})"
            "\n"
            R"({"planned":[1,0],"steps":0})"
            "\n");
    const auto result = command({"recover"});
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.error, HasSubstr("'/gone' is not there, so nothing is put back yet"));
    EXPECT_THAT(result.error, HasSubstr("move '" + (state() / "undo" / run).string() + "' elsewhere"));
    fs::rename(state() / "undo" / run, place() / "away");
    EXPECT_EQ(live().exit, 0);
}

TEST_F(Undo, AMergeThatIsConfirmedStays) {
    const pid_t run = start(dance_words({"--confirm", "60"}));
    ASSERT_TRUE(asks(run)) << log();
    ASSERT_NE(watcher(), 0);
    EXPECT_THAT(command({"runs"}).output, HasSubstr("waits for confirmation"));
    const auto refused = live();
    EXPECT_EQ(refused.exit, 75);
    EXPECT_THAT(refused.error, HasSubstr("waits for confirmation"));
    EXPECT_EQ(command({"confirm"}).exit, 0);
    EXPECT_THAT(command({"confirm", last_run()}).error, HasSubstr("that was done already"));
    EXPECT_EQ(exit_of(run), 0) << log();
    wait_for_orphans();
    expect_merged();
}

TEST_F(Undo, AMergeThatNobodyConfirmsIsUndone) {
    const auto result = live({"--confirm", "1"});
    EXPECT_EQ(result.exit, 10) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr("will be undone in 1 s unless it is confirmed"));
    EXPECT_THAT(result.output, HasSubstr("was not confirmed in time and was rolled back"));
    wait_for_orphans();
    expect_undone();
    EXPECT_THAT(command({"runs"}).output, testing::ContainsRegex("live  undone +exit 10 "));
    EXPECT_EQ(command({"confirm"}).exit, 4);
}

TEST_F(Undo, AMergeThatIsRolledBackBeforeItIsConfirmedIsSaidToBe) {
    const pid_t run = start(dance_words({"--confirm", "60"}));
    ASSERT_TRUE(asks(run)) << log();
    EXPECT_THAT(log(), HasSubstr("disco confirm --state-dir " + state().native()));
    EXPECT_EQ(command({"rollback"}).exit, 0);
    EXPECT_EQ(exit_of(run), 10) << log();
    EXPECT_THAT(log(), HasSubstr("the merge was rolled back before anybody confirmed it"));
    wait_for_orphans();
    expect_undone();
}

/// The other commands that merge.
TEST_F(Undo, ACommandsMergeThatNobodyConfirmsIsUndone) {
    const auto result = disco({"exec", "--merge", "--confirm", "1", "--root", root(), "--state-dir", state(),
                               "--", "/bin/sh", "-c", "echo x > /etc/new; rm /etc/old"});
    EXPECT_EQ(result.exit, 10) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("was not confirmed in time and was rolled back"));
    wait_for_orphans();
    expect_undone();
}

TEST_F(Undo, APlansMergeThatNobodyConfirmsIsUndone) {
    ASSERT_EQ(noop({"--save", (place() / "plan").string()}).exit, 0);
    const auto result = command({"apply", (place() / "plan").string(), "--confirm", "1"});
    EXPECT_EQ(result.exit, 10) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("was not confirmed in time and was rolled back"));
    wait_for_orphans();
    expect_undone();
}

TEST_F(Undo, ARollbackThatNobodyConfirmsIsUndone) {
    ASSERT_EQ(live().exit, 0);
    const auto result = command({"rollback", "--confirm", "1"});
    EXPECT_EQ(result.exit, 10) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr("will be undone in 1 s unless it is confirmed"));
    wait_for_orphans();
    expect_merged();
}

TEST_F(Undo, ARollbackThatIsConfirmedStays) {
    ASSERT_EQ(live().exit, 0);
    std::vector<std::string> words = {disco_binary(), "rollback", "--confirm", "60", "--state-dir", state()};
    const pid_t run = start(words);
    ASSERT_TRUE(asks(run)) << log();
    expect_undone();
    EXPECT_EQ(command({"confirm"}).exit, 0);
    EXPECT_EQ(exit_of(run), 0) << log();
    wait_for_orphans();
    expect_undone();
}

TEST_F(Undo, ARollbackOfAMergeThatWaitsCannotWaitItself) {
    const pid_t run = start(dance_words({"--confirm", "60"}));
    ASSERT_TRUE(asks(run)) << log();
    const auto refused = command({"rollback", "--confirm", "60"});
    EXPECT_EQ(refused.exit, 78);
    EXPECT_THAT(refused.error, HasSubstr("waits for confirmation itself"));
    EXPECT_EQ(command({"confirm"}).exit, 0);
    EXPECT_EQ(exit_of(run), 0) << log();
    wait_for_orphans();
    expect_merged();
}

TEST_F(Undo, TheEndOfTheTerminalConfirmsNothing) {
    const pid_t run = start(dance_words({"--confirm", "3"}));
    ASSERT_NE(watcher(), 0);
    ::kill(run, SIGHUP);
    EXPECT_EQ(exit_of(run), 128 + SIGHUP) << log();
    EXPECT_THAT(log(), HasSubstr("will be undone unless it is confirmed"));
    expect_merged();
    EXPECT_TRUE(undone_within(std::chrono::seconds{20}));
    wait_for_orphans();
    expect_undone();
}

TEST_F(Undo, WhatCouldNotBeUndoneInTimeIsSaid) {
    const pid_t dance = start(dance_words({"--confirm", "3"}));
    ASSERT_TRUE(asks(dance)) << log(); // the report is written by then, which the watcher does not wait for
    ASSERT_NE(watcher(), 0);
    const std::string run = last_run();
    put(root() / "etc/motd", "By hand.\n");
    EXPECT_EQ(exit_of(dance), 6) << log();
    wait_for_orphans();
    EXPECT_THAT(log(),
                HasSubstr("'disco rollback " + run + " --state-dir " + state().string() + "' tries again"));
    EXPECT_THAT(command({"runs"}).output, HasSubstr("was not confirmed, but could not be rolled back"));
    EXPECT_THAT(command({"confirm", run}).error, HasSubstr("so it has stayed"));
    EXPECT_EQ(read("etc/motd"), "By hand.\n");
    EXPECT_EQ(live().exit, 0);
}

TEST_F(Undo, RecoverFailsWhenItCannotUndoWhatNobodyConfirmed) {
    const pid_t run = start(dance_words({"--confirm", "4"}));
    ASSERT_TRUE(asks(run)) << log();
    const pid_t waits = watcher();
    ASSERT_NE(waits, 0);
    for (const pid_t process : {run, waits}) ::kill(process, SIGKILL);
    EXPECT_EQ(exit_of(run), 1000 + SIGKILL);
    wait_for_orphans();
    put(root() / "etc/motd", "By hand.\n");
    let_time_run_out();
    const auto result = command({"recover"});
    EXPECT_EQ(result.exit, 6);
    EXPECT_THAT(result.output, HasSubstr("rolling it back failed, so it stays: 'disco report"));
    EXPECT_EQ(command({"recover"}).exit, 0);
}

TEST_F(Undo, AfterARebootTheNextStartUndoesIt) {
    const pid_t run = start(dance_words({"--confirm", "4"}));
    ASSERT_TRUE(asks(run)) << log();
    const pid_t waits = watcher();
    ASSERT_NE(waits, 0);
    ::kill(run, SIGKILL);
    EXPECT_EQ(exit_of(run), 1000 + SIGKILL);
    ::kill(waits, SIGKILL);
    wait_for_orphans();
    let_time_run_out();
    expect_merged();
    EXPECT_THAT(command({"recover"}).output, HasSubstr("was not confirmed in time and was rolled back"));
    expect_undone();
}

TEST_F(Undo, AnActionThatNobodyComesBackFromConfirmsNothing) {
    script("m", "20-action.sh", "#!/bin/bash\ndisco-defer sleep 6\n");
    const pid_t run = start(dance_words({"--confirm", "3"}));
    const pid_t waits = watcher();
    ASSERT_NE(waits, 0);
    expect_merged();
    ::kill(run, SIGKILL); // with its action, as a reboot would
    EXPECT_EQ(exit_of(run), 1000 + SIGKILL);
    EXPECT_TRUE(undone_within(std::chrono::seconds{20}));
    wait_for_orphans();
    expect_undone();
    EXPECT_EQ(noop().exit, 0); // takes away what a killed run leaves
}

TEST_F(Undo, ARunThatWasKilledInItsActionsIsListedAndCanBeRolledBack) {
    script("m", "20-action.sh", "#!/bin/bash\ndisco-defer sleep 60\n");
    const pid_t run = start(dance_words({}));
    for (int tries = 0; tries < 500 && !fs::exists(root() / "etc/new"); ++tries) ::usleep(20'000);
    ::usleep(200'000); // until it is over
    expect_merged();
    ::kill(run, SIGKILL);
    EXPECT_EQ(exit_of(run), 1000 + SIGKILL);
    wait_for_orphans();
    EXPECT_EQ(command({"recover"}).exit, 0); // what it left between its merge and its end
    const auto runs = command({"runs"});
    EXPECT_EQ(runs.exit, 0) << runs.error;
    EXPECT_THAT(runs.output,
                testing::ContainsRegex("  live  merged  .*without a report: .*  can be rolled back\n"));
    EXPECT_EQ(command({"rollback"}).exit, 0);
    expect_undone();
    EXPECT_EQ(noop().exit, 0); // takes away what a killed run leaves
}

TEST_F(Undo, TheTimeToConfirmBeginsAnewAfterTheActions) {
    script("m", "20-action.sh", "#!/bin/bash\ndisco-defer sleep 4\n");
    const pid_t run = start(dance_words({"--confirm", "3"}));
    ASSERT_TRUE(asks(run)) << log();
    expect_merged();
    EXPECT_EQ(command({"confirm"}).exit, 0) << log();
    EXPECT_EQ(exit_of(run), 0) << log();
    wait_for_orphans();
    expect_merged();
}

TEST_F(Undo, WhoConfirmsDoesNotFailForALockThatIsHeldForAMoment) {
    const pid_t run = start(dance_words({"--confirm", "30"}));
    ASSERT_TRUE(asks(run)) << log();
    auto held = std::make_unique<sys::FileLock>(state() / "lock", "a test", std::chrono::seconds{5});
    std::thread releases{[&] {
        std::this_thread::sleep_for(std::chrono::seconds{2});
        held.reset();
    }};
    EXPECT_EQ(command({"confirm"}).exit, 0);
    releases.join();
    EXPECT_EQ(exit_of(run), 0) << log();
    wait_for_orphans();
    expect_merged();
}

TEST_F(Undo, WhatIsTooLargeForAnotherFileSystemIsSaidBeforehand) {
    fs::create_directory(root() / "srv/small");
    sys::check(::mount("disco-test", (root() / "srv/small").c_str(), "tmpfs", 0, "size=1m"), "mount",
               "small");
    const Snapshot before = root_snapshot();
    script("m", "20-large.sh", "#!/bin/bash\nhead -c 3000000 /dev/urandom > /srv/small/large\n");
    for (const auto& result : {noop(), live()}) {
        EXPECT_EQ(result.exit, 4) << result.output;
        EXPECT_THAT(result.output, HasSubstr("on the file system of '/srv/small'"));
        EXPECT_THAT(result.output, HasSubstr("are free"));
        EXPECT_EQ(difference(before, root_snapshot()), "");
    }
    EXPECT_EQ(::umount2((root() / "srv/small").c_str(), MNT_DETACH), 0);
}

} // namespace
} // namespace disco::tests
