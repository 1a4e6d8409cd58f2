// What a program in a sandbox has open: pipes and the sandbox's own /dev/null, nothing of the machine's.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/terminal_session.hpp"
#include "tests/support/throw_away.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Descriptors : public DanceTest {
protected:
    [[nodiscard]] std::string exec_words() const {
        return fmt::format("'{}' exec --noop --root '{}' --state-dir '{}'", disco_binary().string(),
                           root().string(), state().string());
    }
    /// A line of the caller's shell; $D is `disco exec --noop`, $F a file with "one", "two", "three".
    [[nodiscard]] sys::ProgramResult shell(const std::string& line) const {
        put(file(), "one\ntwo\nthree\n");
        return sys::run_program({.argv = {"/bin/bash", "-c", line},
                                 .environment = {"PATH=" + search_path, "D=" + exec_words(), "F=" + file()},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
    [[nodiscard]] std::string file() const { return (place() / "input").string(); }
};

/// Everything but the access time.
std::string of_device(const fs::path& path) {
    struct stat status = {};
    sys::check(::stat(path.c_str(), &status), "look at", path);
    return fmt::format("{:o} {}:{} {}.{}", status.st_mode, status.st_uid, status.st_gid,
                       status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

TEST_F(Descriptors, StandardInputDoesNotLeadToTheCallersFile) {
    const auto result =
        shell("eval $D -- sh -c "
              "\"'cat; echo x > /proc/self/fd/0; chmod 4777 /proc/self/fd/0; chmod 604 /dev/stdin; "
              "echo done'\" < $F");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("three\n"));
    EXPECT_THAT(result.output, HasSubstr("done\n"));
    EXPECT_EQ(sys::read_file(file()), "one\ntwo\nthree\n");
    struct stat status = {};
    ASSERT_EQ(::stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0644U);
}

TEST_F(Descriptors, NullOfScriptsAndTemplatesIsTheSandboxsOwn) {
    const std::string before = of_device("/dev/null");
    const char* text =
        "cat /dev/stdin; chmod 604 /dev/stdin 2>/dev/null; chown 33 /proc/self/fd/0 2>/dev/null; "
        "touch -d @7 /dev/stdin 2>/dev/null; stat -Lc '%F %a' /dev/stdin >&2; :";
    module_file("m", "templates/etc/made", std::string{text} + "; echo made");
    script("m", "10-x.sh", std::string{"#!/bin/sh\n"} + text + "\n");
    script("m", "20-strict.sh", std::string{text} + "\n");
    want("m");
    for (const char* profile : {"auto", "strict", "simulate"}) {
        const auto result = noop({"--profile", profile});
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_THAT(result.error, HasSubstr("character special file 666"));
        EXPECT_EQ(of_device("/dev/null"), before) << profile;
    }
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(of_device("/dev/null"), before);
}

TEST_F(Descriptors, InputIsPassedOnToItsEndAndAsItComes) {
    const auto counted = shell("seq 1 500000 | eval $D -- sha256sum; seq 1 500000 | sha256sum");
    EXPECT_EQ(counted.output.substr(0, 64), counted.output.substr(counted.output.size() - 68, 64))
        << counted.output << counted.error;
    const auto slow =
        shell("(echo a; sleep 0.3; echo b) | eval $D -- sh -c \"'read x; echo first \\$x; cat'\"");
    EXPECT_THAT(slow.output, HasSubstr("first a\nb\n")) << slow.error;
    EXPECT_THAT(shell("eval $D -- cat < /dev/null").output, HasSubstr("in sync"));
    // What is not read, or never ends, holds nobody up.
    EXPECT_EQ(shell("eval $D -- true < /dev/zero").exit, 0);
    EXPECT_EQ(shell("mkfifo $F.p; exec 9<> $F.p; eval $D -- true < $F.p").exit, 0);
}

TEST_F(Descriptors, InputThatCannotBeReadOrIsClosedIsEmpty) {
    for (const char* input : {"0> /dev/null", "<&-", "< /"}) {
        const auto result = shell(fmt::format("eval $D -- sh -c \"'cat; echo done'\" {}", input));
        EXPECT_EQ(result.exit, 0) << input << result.error;
        EXPECT_THAT(result.output, HasSubstr("done\n")) << input;
    }
}

/// `while read line; do disco exec …; done < file`
TEST_F(Descriptors, AFileIsReadNoFurtherThanTheProgramHasReadIt) {
    const auto loop = shell("while read line; do echo \"line $line\"; eval $D -- true; done < $F");
    EXPECT_THAT(loop.output, HasSubstr("line three\n")) << loop.output << loop.error;
    const auto some = shell("(eval $D -- sh -c \"'read x; echo got \\$x'\"; cat) < $F");
    EXPECT_THAT(some.output, HasSubstr("got one\n"));
    EXPECT_TRUE(some.output.ends_with("two\nthree\n")) << some.output;
}

/// Root opens the pipe anew for writing; what it puts there is none of the file's.
TEST_F(Descriptors, AFilesPositionIsNeverBeforeWhereItWas) {
    const auto result = shell("{ read x; read x; eval $D -- sh -c \"'printf %0100d 0 > /proc/self/fd/0'\"; "
                              "echo then; cat; } < $F");
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_TRUE(result.output.ends_with("then\nthree\n")) << result.output;
}

/// A descriptor of the person's terminal would let a program change its mode and owner, too.
TEST_F(Descriptors, ATerminalStaysOutsideAndIsRead) {
    TerminalSession session{
        {"/bin/bash", "-c",
         exec_words() + " -- sh -c 'tty; echo ready; read x; echo got $x; cat; echo over'"},
        place() / "log"};
    ASSERT_TRUE(session.sees("not a tty")) << session.shown();
    ASSERT_TRUE(session.sees("ready"));
    session.type("typed\n");
    EXPECT_TRUE(session.sees("got typed")) << session.shown();
    session.type("\x04");
    EXPECT_TRUE(session.sees("over")) << session.shown();
    EXPECT_EQ(session.exit_code(), 0);
}

TEST_F(Descriptors, WhatWasTypedBeforeAQuestionDoesNotAnswerIt) {
    const std::vector<std::string> words = {
        disco_binary(), "exec",
        "--root",       root(),
        "--state-dir",  state(),
        "--",           "sh",
        "-c",           "echo more >> /etc/motd; echo 'Continue? [y/N]'; sleep 0.5"};
    TerminalSession session{words, place() / "log"};
    ASSERT_TRUE(session.sees("Continue?"));
    session.type("y\ny\n");
    ASSERT_TRUE(session.sees("Merge this onto")) << session.shown();
    ::usleep(500'000);
    session.type("n\n");
    EXPECT_EQ(session.exit_code(), 0);
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
}

TEST_F(Descriptors, WhatWasPrintedDoesNotHideTheQuestion) {
    const std::vector<std::string> words = {
        disco_binary(), "exec",
        "--root",       root(),
        "--state-dir",  state(),
        "--",           "sh",
        "-c",           "echo more >> /etc/motd; printf 'out\\033[1;1r\\033(0\\033[8mhidden'"};
    TerminalSession session{words, place() / "log"};
    ASSERT_TRUE(session.sees("Merge this onto")) << session.shown();
    const std::string shown = session.shown();
    const std::size_t reset = shown.find("\033[!p");
    ASSERT_NE(reset, std::string::npos) << shown;
    EXPECT_GT(reset, shown.find("hidden"));
    EXPECT_LT(reset, shown.find("/etc/motd"));
    session.type("n\n");
    EXPECT_EQ(session.exit_code(), 0);
}

TEST_F(Descriptors, WhatWasTypedBeforeTheMergeDoesNotConfirmIt) {
    script("m", "10-x.sh", "#!/bin/sh\necho more >> /etc/motd; echo working; sleep 0.5\n");
    want("m");
    TerminalSession session{dance_words({"--confirm", "60"}), place() / "log"};
    ASSERT_TRUE(session.sees("working"));
    session.type("\n\n");
    ASSERT_TRUE(session.sees("unless it is confirmed")) << session.shown();
    ::usleep(700'000);
    EXPECT_THAT(session.shown(), HasSubstr("1 change merged")) << "what is to be confirmed is shown before";
    EXPECT_THAT(session.shown(), Not(HasSubstr("stays merged")));
    session.type("\n");
    EXPECT_TRUE(session.sees("stays merged"));
    EXPECT_EQ(session.exit_code(), 0);
    wait_for_orphans();
}

} // namespace
} // namespace disco::tests
