// A person's terminal connected with a sandbox's: two pseudo-terminals, and nothing in between but the relay.

#include "runner/sandbox/terminal_relay.hpp"
#include "runner/sys/error.hpp"

#include <csignal>
#include <optional>

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

struct Pty {
    sys::UniqueFd master, slave;
    Pty() {
        int one = -1, other = -1;
        const winsize size = {.ws_row = 33, .ws_col = 101, .ws_xpixel = 0, .ws_ypixel = 0};
        sys::check(::openpty(&one, &other, nullptr, nullptr, &size), "make a terminal");
        master = sys::UniqueFd{one};
        slave = sys::UniqueFd{other};
        for (const int fd : {one, other}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    }
};

termios settings_of(int fd) {
    termios settings = {};
    sys::check(::tcgetattr(fd, &settings), "read the settings of a terminal");
    return settings;
}

class Relay : public testing::Test {
protected:
    Relay() {
        termios unusual = settings_of(person.slave.get());
        unusual.c_cc[VERASE] = '\b';
        sys::check(::tcsetattr(person.slave.get(), TCSANOW, &unusual), "change the settings of a terminal");
        relay.emplace(person.slave.get(), inside.master.get(),
                      [this](std::string_view bytes) { heard += bytes; });
    }
    void make_inner_raw() {
        termios raw = settings_of(inside.slave.get());
        ::cfmakeraw(&raw);
        sys::check(::tcsetattr(inside.slave.get(), TCSANOW, &raw), "set a terminal to raw mode");
    }
    /// Serves until `count` bytes have come out, or nothing moves any more.
    std::string moved(int from, std::size_t count) {
        std::string text;
        for (int idle = 0; idle < 200 && text.size() < count;) {
            auto waits = relay->waits();
            ::poll(waits.data(), waits.size(), 5);
            relay->serve();
            std::array<char, 4096> buffer;
            const ssize_t got = ::read(from, buffer.data(), buffer.size());
            if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
            idle = got > 0 ? 0 : idle + 1;
        }
        return text;
    }

    Pty person, inside;
    std::string heard;
    std::optional<TerminalRelay> relay;
};

TEST_F(Relay, GivesTheInnerTerminalSettingsAndSize) {
    EXPECT_EQ(settings_of(inside.slave.get()).c_cc[VERASE], '\b');
    winsize size = {};
    ::ioctl(inside.slave.get(), TIOCGWINSZ, &size);
    EXPECT_EQ(size.ws_row, 33);
    EXPECT_EQ(size.ws_col, 101);
    const winsize other = {.ws_row = 5, .ws_col = 6, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(person.master.get(), TIOCSWINSZ, &other);
    ::kill(::getpid(), SIGWINCH);
    auto waits = relay->waits();
    EXPECT_EQ(::poll(waits.data(), waits.size(), 1000), 1) << "told by the signal";
    relay->serve();
    ::ioctl(inside.slave.get(), TIOCGWINSZ, &size);
    EXPECT_EQ(size.ws_row, 5);
    waits = relay->waits();
    EXPECT_EQ(::poll(waits.data(), waits.size(), 0), 0) << "once";
}

TEST_F(Relay, GivesTheTerminalBackAsItWas) {
    EXPECT_EQ(settings_of(person.slave.get()).c_lflag & (ICANON | ECHO | ISIG), 0U);
    ASSERT_EQ(::write(person.master.get(), "typed too early\r", 16), 16);
    relay.reset();
    const termios after = settings_of(person.slave.get());
    EXPECT_EQ(after.c_lflag & (ICANON | ECHO | ISIG), tcflag_t{ICANON | ECHO | ISIG});
    EXPECT_EQ(after.c_cc[VERASE], '\b');
    char byte = 0;
    EXPECT_EQ(::read(person.slave.get(), &byte, 1), -1) << "what was typed is gone";
    sigset_t blocked;
    ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
    EXPECT_EQ(::sigismember(&blocked, SIGWINCH), 0);
}

TEST_F(Relay, PassesEveryByteBothWays) {
    make_inner_raw();
    std::string all;
    for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
    ASSERT_EQ(::write(person.master.get(), all.data(), all.size()), ssize_t(all.size()));
    EXPECT_EQ(moved(inside.slave.get(), all.size()), all);
    ASSERT_EQ(::write(inside.slave.get(), all.data(), all.size()), ssize_t(all.size()));
    EXPECT_EQ(moved(person.master.get(), all.size()), all);
    EXPECT_EQ(heard, all);
}

/// Neither blocks, and neither keeps more than it may, when the other side takes nothing.
TEST_F(Relay, WaitsForWhoeverDoesNotRead) {
    make_inner_raw();
    std::string sent;
    for (int i = 0; i < 1000; ++i) {
        const std::string line = "line " + std::to_string(i) + " of what nobody reads\n";
        if (::write(inside.slave.get(), line.data(), line.size()) == ssize_t(line.size())) sent += line;
        ::write(person.master.get(), "key", 3);
        relay->serve();
    }
    EXPECT_EQ(moved(person.master.get(), sent.size()).size(), sent.size());
    EXPECT_EQ(heard, sent);
}

TEST_F(Relay, FinishesWithTheRest) {
    make_inner_raw();
    ASSERT_EQ(::write(inside.slave.get(), "last words", 10), 10);
    inside.slave.reset();
    relay->finish();
    std::array<char, 64> buffer;
    EXPECT_EQ(::read(person.master.get(), buffer.data(), buffer.size()), 10);
    relay->finish();
}

TEST_F(Relay, ALostTerminalIsAHangUp) {
    person.master.reset();
    try {
        relay->serve();
        FAIL() << "it goes on";
    } catch (const sys::Interrupted& interrupted) {
        EXPECT_EQ(interrupted.signal(), SIGHUP);
    }
}

TEST(RelayOfNoTerminal, IsAnError) {
    const Pty inside;
    const sys::UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    EXPECT_THROW(TerminalRelay(null.get(), inside.master.get(), [](std::string_view) {}), sys::SysError);
}

} // namespace
} // namespace disco::sandbox
