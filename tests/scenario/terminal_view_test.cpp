// What a person sees of a dance on a terminal while it goes on, and is asked.

#include "runner/sys/files.hpp"
#include "tests/support/terminal_session.hpp"
#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

class TerminalView : public DanceTest {
protected:
    [[nodiscard]] std::string motd() const { return sys::read_file(root() / "etc/motd"); }
};

TEST_F(TerminalView, HasALiveLineAndThenTheReport) {
    script("m", "10-x.sh", "#!/bin/sh\necho first\necho working\nsleep 1.5\necho more >> /etc/motd\n");
    want("m");
    TerminalSession session{dance_words({}), place() / "log"};
    EXPECT_TRUE(session.sees("fetching")) << session.shown();
    EXPECT_TRUE(session.sees("[1/1] m  scripts/10-x.sh")) << session.shown();
    EXPECT_TRUE(session.sees("1 s  working\033[K")) << "its clock goes on: " << session.shown();
    EXPECT_TRUE(session.sees("1 change merged"));
    EXPECT_EQ(session.exit_code(), 0);
    EXPECT_THAT(session.shown(), Not(HasSubstr("m | first"))) << "the live line shows it";
}

TEST_F(TerminalView, FitsIntoANarrowTerminal) {
    script("m", "10-a-script-with-a-long-name.sh", "#!/bin/sh\nprintf '%0200d\\n' 7; sleep 0.6\n");
    want("m");
    TerminalSession session{
        dance_words({}), place() / "log", {.ws_row = 24, .ws_col = 20, .ws_xpixel = 0, .ws_ypixel = 0}};
    EXPECT_TRUE(session.sees("[1/1] m  scripts/10\033[K")) << session.shown();
    EXPECT_EQ(session.exit_code(), 0);
}

TEST_F(TerminalView, ShowsTheLastLinesOfWhatFailed) {
    script("m", "10-x.sh", "#!/bin/sh\necho why it failed\nexit 3\n");
    want("m");
    TerminalSession session{dance_words({}), place() / "log"};
    EXPECT_TRUE(session.sees("      | why it failed")) << session.shown();
    EXPECT_EQ(session.exit_code(), 4);
}

TEST_F(TerminalView, AsksBeforeAMerge) {
    script("m", "10-x.sh", "#!/bin/sh\necho more >> /etc/motd\n");
    want("m");
    const std::string before = motd();
    {
        TerminalSession session{dance_words({"--ask"}), place() / "log"};
        ASSERT_TRUE(session.sees("/etc/motd")) << session.shown();
        ASSERT_TRUE(session.sees("1 change, nothing was merged")) << session.shown();
        ASSERT_TRUE(session.sees("? [y/N] ")) << session.shown();
        EXPECT_EQ(motd(), before);
        session.type("n\n");
        EXPECT_EQ(session.exit_code(), 0);
        EXPECT_EQ(motd(), before);
        EXPECT_THAT(session.shown(), Not(HasSubstr("change merged")));
    }
    TerminalSession session{dance_words({"--ask"}), place() / "log2"};
    ASSERT_TRUE(session.sees("? [y/N] ")) << session.shown();
    session.type("y\n");
    EXPECT_TRUE(session.sees("1 change merged")) << session.shown();
    EXPECT_EQ(session.exit_code(), 0);
    EXPECT_EQ(motd(), before + "more\n");
}

TEST_F(TerminalView, AsksNothingWhenThereIsNothingToDo) {
    script("m", "10-x.sh", "#!/bin/sh\ntrue\n");
    want("m");
    TerminalSession session{dance_words({"--ask"}), place() / "log"};
    EXPECT_TRUE(session.sees("in sync, nothing to change")) << session.shown();
    EXPECT_EQ(session.exit_code(), 0);
}

TEST_F(TerminalView, CannotAskWithoutATerminal) {
    want("m");
    script("m", "10-x.sh", "#!/bin/sh\necho more >> /etc/motd\n");
    const std::string before = motd();
    const auto result = live({"--ask"});
    EXPECT_EQ(result.exit, 64);
    EXPECT_THAT(result.error, HasSubstr("--ask needs a terminal"));
    EXPECT_EQ(motd(), before);
}

} // namespace
} // namespace disco::tests
