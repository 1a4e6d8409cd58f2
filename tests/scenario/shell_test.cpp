// disco shell, as a person sits before it and as a pipe feeds it.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/terminal_session.hpp"
#include "tests/support/throw_away.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

class Shell : public DanceTest {
protected:
    [[nodiscard]] std::vector<std::string> words(std::vector<std::string> more) const {
        std::vector<std::string> all = {disco_binary(), "shell",          "--root",  root().string(),
                                        "--state-dir",  state().string(), "--color", "never"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    /// A shell on a terminal.
    [[nodiscard]] TerminalSession session(std::vector<std::string> more = {}) const {
        return {words(std::move(more)),
                place() / "log",
                {.ws_row = 33, .ws_col = 101, .ws_xpixel = 0, .ws_ypixel = 0}};
    }
    /// One that is fed by a pipe.
    [[nodiscard]] sys::ProgramResult piped(const std::string& commands,
                                           std::vector<std::string> more = {}) const {
        return sys::run_program({.argv = words(std::move(more)),
                                 .environment = {"PATH=/usr/bin:/bin", "LEAK=secret"},
                                 .input = commands,
                                 .timeout = std::chrono::minutes{1}});
    }
};

TEST_F(Shell, HasATerminalOfTheSandbox) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("nothing is merged (--noop)")) << shell.shown();
    ASSERT_TRUE(shell.sees("(disco noop) ")) << shell.shown();
    EXPECT_TRUE(shell.done("tty; stty size; stty -a; echo TERM=$TERM SHELL=$SHELL LEAK=${LEAK-none}"));
    for (const char* said :
         {"\n/dev/pts/0\r", "\n33 101\r", "erase = ^H;", "TERM=xterm SHELL=/bin/bash LEAK=none"})
        EXPECT_THAT(shell.shown(), HasSubstr(said));
    EXPECT_TRUE(shell.done("echo /dev/pts/*; for i in 0 1 2 255; do readlink /proc/self/fd/$i; done"));
    EXPECT_THAT(shell.shown(), HasSubstr("\n/dev/pts/0 /dev/pts/ptmx\r")) << "and no other terminal";
    EXPECT_TRUE(
        shell.done("echo by hand >/dev/tty; for i in /proc/1/fd/*; do readlink $i || echo held; done"));
    EXPECT_THAT(shell.shown(), HasSubstr("\nby hand\r"));
    EXPECT_THAT(shell.shown(), HasSubstr("held\r"));
    EXPECT_THAT(shell.shown(), Not(HasSubstr("socket:["))) << "PID 1's descriptors are its own";
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
}

/// TIOCSTI puts words into the mouth of whoever reads the terminal next.
TEST_F(Shell, CannotTypeByItself) {
    std::vector<std::string> argv = words({"--noop"});
    argv[3] = "/"; // which has a perl
    TerminalSession shell{argv, place() / "log"};
    ASSERT_TRUE(shell.sees("(disco noop) "));
    EXPECT_TRUE(
        shell.done(R"(perl -e 'my $x = "x"; print ioctl(STDIN, 0x5412, $x) ? "TYPED" : "refused: $!"')"));
    EXPECT_THAT(shell.shown(), HasSubstr("refused: Operation not permitted"));
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
}

TEST_F(Shell, HasJobControl) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    shell.type("sleep 1001\r");
    ASSERT_TRUE(wait_for_foreground(wait_for_process({"sleep 1001"})));
    shell.type("\x1a");
    EXPECT_TRUE(shell.sees("Stopped")) << shell.shown();
    EXPECT_TRUE(shell.done("jobs"));
    EXPECT_TRUE(shell.done("bg; kill %1; wait %1; echo status $?"));
    EXPECT_THAT(shell.shown(), HasSubstr("status 143\r"));
    shell.type("fg\r");
    EXPECT_TRUE(shell.sees("no such job"));
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
}

TEST_F(Shell, InterruptsTheCommandAndNotTheSession) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    shell.type("sleep 1002\r");
    ASSERT_TRUE(wait_for_foreground(wait_for_process({"sleep 1002"})));
    shell.type("\x03");
    EXPECT_TRUE(shell.sees("^C"));
    EXPECT_TRUE(shell.done("echo status $?"));
    EXPECT_THAT(shell.shown(), HasSubstr("status 130\r"));
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
}

TEST_F(Shell, FollowsTheSizeOfTheWindow) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    ASSERT_TRUE(shell.done("trap 'stty size' WINCH; echo ready"));
    shell.resize({.ws_row = 40, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0});
    bool followed = false;
    for (int i = 0; i < 50 && !followed; ++i) {
        ASSERT_TRUE(shell.done("stty size"));
        followed = shell.shown().find("\n40 132\r") != std::string::npos;
    }
    EXPECT_TRUE(followed) << shell.shown();
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
}

TEST_F(Shell, NoopShowsTheDifferencesAndMergesNothing) {
    const Snapshot before = root_snapshot();
    TerminalSession shell = session({"--noop", "--diff"});
    const termios settings = shell.settings();
    ASSERT_TRUE(shell.sees("(disco noop) "));
    EXPECT_NE(difference(settings, shell.settings()), "") << "the terminal is raw meanwhile";
    ASSERT_TRUE(shell.done("echo more >> /etc/motd; rm /etc/shadow; echo NOOP=$NOOP"));
    EXPECT_THAT(shell.shown(), HasSubstr("NOOP=true\r"));
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
    EXPECT_THAT(shell.shown(), HasSubstr("disco shell --noop"));
    EXPECT_THAT(shell.shown(), HasSubstr("+more\r\n"));
    EXPECT_THAT(shell.shown(), HasSubstr("2 changes pending, nothing was merged"));
    EXPECT_THAT(shell.shown(), Not(HasSubstr("bash_history")));
    EXPECT_EQ(difference(settings, shell.settings()), "");
    EXPECT_EQ(difference(before, root_snapshot()), "");
    EXPECT_THAT(shell.shown(), HasSubstr("\033[!p")) << "colours and the like are as they were, too";
    EXPECT_EQ(last_report().at("modules").at(0).at("steps").at(0).at("phase"), "shell");
    EXPECT_THAT(disco({"report", "--state-dir", state()}).output, HasSubstr("disco shell --noop"));
}

TEST_F(Shell, AsksWhetherToMerge) {
    for (const bool yes : {false, true}) {
        TerminalSession shell = session();
        ASSERT_TRUE(shell.sees("(disco) "));
        ASSERT_TRUE(shell.done("echo more >> /etc/motd; echo NOOP=${NOOP-unset}"));
        EXPECT_THAT(shell.shown(), HasSubstr("NOOP=unset\r"));
        shell.type("exit\r");
        ASSERT_TRUE(shell.sees("+more\r\n"));
        ASSERT_TRUE(shell.sees(fmt::format("Merge this onto {}? [y/N] ", root().string())));
        shell.type(yes ? "y\r" : "n\r");
        EXPECT_EQ(shell.exit_code(), 0);
        EXPECT_THAT(shell.shown(), HasSubstr(yes ? "1 change merged" : "nothing was merged"));
        EXPECT_EQ(read("etc/motd"), yes ? "Welcome.\nmore\n" : "Welcome.\n");
    }
}

/// What is typed ahead of the question was not meant for it.
TEST_F(Shell, WhatWasTypedForTheShellIsNoAnswer) {
    TerminalSession shell = session();
    ASSERT_TRUE(shell.sees("(disco) "));
    shell.type("touch /etc/new; sleep 1; exit\ry\ry\r");
    ASSERT_TRUE(shell.sees("[y/N] ")) << shell.shown();
    ::usleep(200'000);
    EXPECT_EQ(::kill(shell.pid(), 0), 0) << "it waits";
    shell.type("n\r");
    EXPECT_EQ(shell.exit_code(), 0);
    EXPECT_FALSE(std::filesystem::exists(root() / "etc/new"));
}

/// A shell exits as its last command did.
TEST_F(Shell, ItsStatusIsToldAndIsNoFailure) {
    TerminalSession shell = session({"--detailed-exitcode"});
    ASSERT_TRUE(shell.sees("(disco) "));
    shell.type("touch /etc/new; exit 3\r");
    ASSERT_TRUE(shell.sees("the shell exited with 3")) << shell.shown();
    ASSERT_TRUE(shell.sees("[y/N] "));
    shell.type("y\r");
    EXPECT_EQ(shell.exit_code(), 2);
    EXPECT_TRUE(std::filesystem::exists(root() / "etc/new"));
}

TEST_F(Shell, KilledByASignalMergesNothing) {
    const Snapshot before = root_snapshot();
    TerminalSession shell = session();
    const termios settings = shell.settings();
    ASSERT_TRUE(shell.sees("(disco) "));
    shell.type("touch /etc/new; kill -KILL $$\r");
    EXPECT_EQ(shell.exit_code(), 4);
    EXPECT_THAT(shell.shown(), HasSubstr("the shell was killed by SIGKILL"));
    EXPECT_THAT(shell.shown(), Not(HasSubstr("[y/N]")));
    EXPECT_EQ(difference(settings, shell.settings()), "");
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Shell, InterruptedFromOutsideTheTerminalIsAsItWas) {
    const Snapshot before = root_snapshot();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        TerminalSession shell = session();
        const termios settings = shell.settings();
        ASSERT_TRUE(shell.sees("(disco) "));
        ASSERT_TRUE(shell.done("touch /etc/new; sleep 1000 & true"));
        ::kill(shell.pid(), signal);
        EXPECT_EQ(shell.exit_code(), 128 + signal) << shell.shown();
        EXPECT_EQ(difference(settings, shell.settings()), "");
        EXPECT_EQ(last_report().at("run").at("outcome"), "interrupted");
    }
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Shell, EndsWhenItsTerminalIsGone) {
    const Snapshot before = root_snapshot();
    for (const char* ignored : {"", "HUP"}) { // as by nohup(1)
        std::vector<std::string> argv = {"/bin/bash", "-c", fmt::format("trap '' {}; exec \"$@\"", ignored),
                                         "bash"};
        if (*ignored == '\0') argv[2] = "exec \"$@\"";
        for (const std::string& word : words({})) argv.push_back(word);
        TerminalSession shell{argv, place() / "log"};
        ASSERT_TRUE(shell.sees("(disco) "));
        ASSERT_TRUE(shell.done("touch /etc/new; trap '' HUP; sleep 1000 & true"));
        shell.hang_up();
        EXPECT_EQ(shell.exit_code(), 128 + SIGHUP);
        EXPECT_EQ(last_report().at("run").at("outcome"), "interrupted");
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process outlived the session";
    }
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Shell, ShowsLongOutputWhole) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    constexpr int last = 1'500'000;
    shell.type(fmt::format("seq {}; exit\r", last)); // 11 MB, and the shell ends at once
    ASSERT_TRUE(shell.sees("exit\r\n"));
    ::usleep(500'000); // nobody looks for a while: it waits
    EXPECT_EQ(shell.exit_code(), 0);
    std::string expected;
    for (int i = 1; i <= last; ++i) expected += fmt::format("{}\r\n", i);
    EXPECT_NE(shell.shown().find(expected), std::string::npos)
        << "something is missing of " << expected.size();
}

TEST_F(Shell, TakesLongInputWhole) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    ASSERT_TRUE(shell.done("stty -echo -icanon; echo ready"));
    shell.type("sleep 0.5; head -c 300000 | wc -c; stty sane\r");
    ::usleep(200'000);
    shell.type(std::string(300'000, 'x'));
    EXPECT_TRUE(shell.sees("300000\r\n")) << shell.shown().size();
    shell.type("\rexit\r");
    EXPECT_EQ(shell.exit_code(), 0);
}

TEST_F(Shell, WhatIsLeftRunningOnTheTerminalIsKilled) {
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    ASSERT_TRUE(shell.done("(trap '' HUP TERM; while sleep 0.01; do echo tick; done) & true"));
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
    EXPECT_THAT(shell.shown(), HasSubstr("left running, and was killed: "));
}

TEST_F(Shell, OfTheTreesRootIsTaken) {
    put(root() / "etc/passwd", "daemon:x:1:1::/:/bin/false\nroot:x:0:0:root:/root:/bin/sh\n");
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) # ")) << shell.shown();
    EXPECT_TRUE(shell.done("echo $0 $SHELL"));
    EXPECT_THAT(shell.shown(), HasSubstr("sh /bin/sh\r"));
    shell.type("\x04");
    EXPECT_EQ(shell.exit_code(), 0);
}

TEST_F(Shell, GuardedCommandsAreTold) {
    put(root() / "usr/bin/systemctl", "#!/bin/bash\necho outside\n", 0755);
    TerminalSession shell = session({"--noop"});
    ASSERT_TRUE(shell.sees("(disco noop) "));
    EXPECT_TRUE(shell.done("systemctl restart nginx"));
    shell.type("exit\r");
    EXPECT_EQ(shell.exit_code(), 0);
    EXPECT_THAT(shell.shown(), HasSubstr("> would restart: nginx"));
}

TEST_F(Shell, AsksAlsoWhenThereAreOnlyGuardedCommandsToRun) {
    put(root() / "usr/bin/systemctl", "#!/bin/bash\necho \"$*\" > /var/log/asked\n", 0755);
    for (const bool yes : {false, true}) {
        TerminalSession shell = session();
        ASSERT_TRUE(shell.sees("(disco) "));
        EXPECT_TRUE(shell.done("systemctl restart nginx"));
        shell.type("exit\r");
        EXPECT_TRUE(shell.sees("> would restart: nginx")) << shell.shown();
        ASSERT_TRUE(shell.sees("Run these commands on "));
        shell.type(yes ? "y\r" : "n\r");
        EXPECT_EQ(shell.exit_code(), 0);
        EXPECT_EQ(std::filesystem::exists(root() / "var/log/asked"), yes);
    }
}

TEST_F(Shell, ReportsByJsonBesideTheTerminal) {
    for (const bool noop : {true, false}) {
        std::vector<std::string> argv = {"/bin/bash", "-c", "exec \"$@\" >\"$0\"",
                                         (place() / "out").string()};
        for (const std::string& word : words({"--json", "-"})) argv.push_back(word);
        if (noop) argv.emplace_back("--noop");
        TerminalSession shell{argv, place() / "log"};
        ASSERT_TRUE(shell.sees("(disco"));
        ASSERT_TRUE(shell.done("touch /etc/new"));
        shell.type("exit\r");
        EXPECT_TRUE(shell.sees("+ /etc/new"));
        if (!noop) {
            ASSERT_TRUE(shell.sees("[y/N] "));
            shell.type("n\r");
        }
        EXPECT_EQ(shell.exit_code(), 0);
        EXPECT_EQ(nlohmann::json::parse(sys::read_file(place() / "out")), last_report());
    }
}

TEST_F(Shell, TakesItsCommandsFromAPipe) {
    const Snapshot before = root_snapshot();
    const auto result = piped("echo said; tty; touch /etc/new; echo LEAK=${LEAK-none}; false\n", {"--noop"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    for (const char* said : {"said\n", "not a tty\n", "LEAK=none\n", "+ /etc/new", "the shell exited with 1"})
        EXPECT_THAT(result.output, HasSubstr(said));
    EXPECT_EQ(result.error, "");
    const auto unasked = piped("touch /etc/new\n");
    EXPECT_EQ(unasked.exit, 0);
    EXPECT_THAT(unasked.error, HasSubstr("no terminal to ask on; `disco exec --merge`"));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Shell, NeedsOne) {
    std::filesystem::remove(root() / "usr/bin/bash");
    std::filesystem::remove(root() / "usr/bin/sh");
    const auto result = piped("", {"--noop"}); // it would not read any
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("there is no shell in"));
}

} // namespace
} // namespace disco::tests
