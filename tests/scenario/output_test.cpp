// What programs print, when there is too much of it, or when nobody takes it.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/terminal_session.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

class Output : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        module_file("m", "sandbox", "timeout 1\n");
        script("m", "10-x.sh", "#!/bin/bash\nexec yes\n");
        for (const char* name : {"usr/bin/yes", "usr/bin/tee"})
            std::filesystem::copy_file(std::filesystem::path{"/"} / name, root() / name);
        want("m");
    }
    [[nodiscard]] std::vector<std::string> exec_words(const std::vector<std::string>& more,
                                                      const std::vector<std::string>& command) const {
        std::vector<std::string> words = {disco_binary(), "exec",        "--noop", "--root",
                                          root(),         "--state-dir", state()};
        words.insert(words.end(), more.begin(), more.end());
        words.emplace_back("--");
        words.insert(words.end(), command.begin(), command.end());
        return words;
    }
    [[nodiscard]] std::string outcome() const {
        const auto run = last_report().at("run");
        return run.at("outcome");
    }
};

/// A program with a pipe as its standard output and error, which is read only when the test says so.
class Unread {
public:
    explicit Unread(const std::vector<std::string>& words) {
        std::array<int, 2> ends = {-1, -1};
        sys::check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe");
        read_ = sys::UniqueFd{ends[0]};
        const sys::UniqueFd write{ends[1]};
        pid_ = sys::check(::fork(), "fork");
        if (pid_ != 0) return;
        ::dup2(write.get(), 1);
        ::dup2(write.get(), 2);
        ::execv(words[0].c_str(), sys::word_pointers(words).data());
        ::_exit(127);
    }
    Unread(const Unread&) = delete;
    Unread& operator=(const Unread&) = delete;
    ~Unread() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    void signal(int number) const { ::kill(pid_, number); }
    /// Its exit code; -1 when it does not end within the time.
    int exit_within(std::chrono::seconds limit) {
        for (const auto end = Clock::now() + limit; Clock::now() < end; ::usleep(10'000)) {
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) != pid_) continue;
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        }
        return -1;
    }
    std::string read_all() const { return sys::read_all(read_.get(), "the pipe"); }

private:
    sys::UniqueFd read_;
    pid_t pid_ = -1;
};

TEST_F(Output, WithoutAnEndMeetsTheTimeOut) {
    for (const char* to : {"", "> /dev/null", "2>/dev/null"}) {
        TerminalSession session{{"/bin/bash", "-c", "exec \"$0\" \"${@:2}\" " + std::string{to},
                                 disco_binary(), "bash", "dance", "--noop", "--profile", "simulate",
                                 "--server", server, "--node", node, "--root", root(), "--state-dir",
                                 state()},
                                place() / "log"};
        EXPECT_EQ(session.exit_code(), 4) << to;
        EXPECT_EQ(outcome(), "failed");
    }
    EXPECT_THAT(last_report().dump(), HasSubstr("took longer than 1 s"));
}

TEST_F(Output, WithoutAnEndIsStoppedBySignals) {
    for (const int number : {SIGINT, SIGTERM}) {
        TerminalSession session{exec_words({}, {"yes"}), place() / "log"};
        ASSERT_TRUE(session.sees("y\r\ny\r\ny\r\n"));
        if (number == SIGINT)
            session.type("\x03");
        else
            ::kill(session.pid(), number);
        EXPECT_EQ(session.exit_code(), 128 + number);
        EXPECT_EQ(outcome(), "interrupted");
    }
}

TEST_F(Output, ThatNobodyTakesMeetsTheTimeOutAndIsWaitedFor) {
    Unread run{dance_words({"--noop", "--profile", "simulate"})};
    // The run has ended and is recorded; what is left is to be read.
    for (int i = 0; i < 100 && !std::filesystem::exists(state() / "runs"); ++i) ::usleep(100'000);
    EXPECT_EQ(run.exit_within(std::chrono::seconds{3}), -1);
    EXPECT_EQ(outcome(), "failed");
    EXPECT_THAT(run.read_all(), HasSubstr("took longer than 1 s"));
    EXPECT_EQ(run.exit_within(std::chrono::seconds{10}), 4);
}

TEST_F(Output, ThatNobodyTakesDoesNotKeepSignalsFromEndingTheRun) {
    for (const std::vector<std::string>& json : {std::vector<std::string>{}, {"--json", "-"}})
        for (const int number : {SIGINT, SIGTERM}) {
            Unread run{exec_words(json, {"yes"})};
            ::usleep(700'000);
            run.signal(number);
            EXPECT_EQ(run.exit_within(std::chrono::seconds{10}), 128 + number);
            EXPECT_EQ(outcome(), "interrupted");
        }
}

TEST_F(Output, OnAStoppedTerminalIsShownWhenItGoesOn) {
    TerminalSession session{exec_words({}, {"sh", "-c", "echo begun; sleep 0.5; seq 1 50000; echo over"}),
                            place() / "log"};
    ASSERT_TRUE(session.sees("begun"));
    session.type("\x13");
    ::usleep(1'500'000);
    session.type("\x11");
    EXPECT_TRUE(session.sees("\n50000\r\nover\r\n"));
    EXPECT_EQ(session.exit_code(), 0);
}

/// A program that prints much is as slow as its reader, and no byte is lost.
TEST_F(Output, IsWholeWhateverThePaceOfItsReader) {
    Unread run{exec_words({}, {"seq", "1", "300000"})};
    ::usleep(700'000);
    const std::string shown = run.read_all();
    EXPECT_EQ(run.exit_within(std::chrono::seconds{10}), 0);
    std::string expected;
    for (int i = 1; i <= 300000; ++i) expected += std::to_string(i) + "\n";
    EXPECT_TRUE(shown.starts_with(expected));
}

class Readers : public Output {
protected:
    /// Runs lines of bash and says how many lines /var/log/setup.log has got.
    std::ptrdiff_t logged(const std::string& mode, const std::string& lines) {
        began_ = Clock::now();
        result_ = disco(
            {"exec", mode, "--root", root(), "--state-dir", state(), "--stat", "--", "bash", "-c", lines});
        took_ = Clock::now() - began_;
        const std::string log = sys::read_file_if_exists(root() / "var/log/setup.log").value_or("");
        std::filesystem::remove(root() / "var/log/setup.log");
        return std::count(log.begin(), log.end(), '\n');
    }
    static constexpr const char* dated =
        "exec > >(while read l; do echo \"$(date) $l\"; done | tee -a /var/log/setup.log); ";
    Clock::time_point began_;
    Clock::duration took_{};
    sys::ProgramResult result_;
};

TEST_F(Readers, HaveReadAllWhenTheScriptHasEnded) {
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(logged("--merge", std::string{dated} + "seq 1 210"), 210) << result_.error;
        EXPECT_THAT(result_.output, HasSubstr(" 210\n")) << "and have passed it on";
    }
    EXPECT_EQ(logged("--merge", "exec > >(tee /var/log/setup.log) 2>&1; seq 1 210"), 210);
    EXPECT_EQ(logged("--merge", "exec > >(while read l; do sleep 0.3; echo $l; done > /var/log/setup.log); "
                                "seq 1 4"),
              4);
    EXPECT_THAT(result_.output, Not(HasSubstr("left running")));
}

TEST_F(Readers, HaveReadAllInANoopToo) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(logged("--noop", std::string{dated} + "seq 1 210"), 0);
        EXPECT_THAT(result_.output, HasSubstr(" 210\n"));
    }
}

TEST_F(Readers, AreNotWaitedForLongWhenADaemonHoldsTheirPipe) {
    ASSERT_EQ(logged("--merge", std::string{dated} + "sleep 100 & seq 1 70"), 70) << result_.error;
    EXPECT_LT(took_, std::chrono::seconds{60}); // that the sleep takes
    EXPECT_THAT(result_.output, HasSubstr("sleep 100"));
}

TEST_F(Readers, ThatAreNoneAreNotWaitedFor) {
    for (const char* lines :
         {"sleep 100 & true", "sleep 100 > /dev/null 2>&1 & true", "yes > /dev/null & true"}) {
        (void)logged("--noop", lines);
        EXPECT_EQ(result_.exit, 0);
        EXPECT_LT(took_, std::chrono::seconds{5}) << lines;
    }
    (void)logged("--noop", "sleep 100 | cat & true"); // a pipe, in which nothing happens
    EXPECT_LT(took_, std::chrono::seconds{5});
}

TEST_F(Readers, AreWaitedForUntilTheTimeOut) {
    module_file("m", "sandbox", "timeout 2\n");
    script("m", "10-x.sh", "#!/bin/bash\nexec > >(sleep 100; cat)\necho lost\n");
    const auto result = noop({"--profile", "simulate"});
    EXPECT_EQ(result.exit, 0) << "the script itself did not take too long";
    EXPECT_THAT(last_report().dump(), HasSubstr("left-running"));
}

} // namespace
} // namespace disco::tests
