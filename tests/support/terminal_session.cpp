#include "tests/support/terminal_session.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <fmt/format.h>

namespace disco::tests {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

TerminalSession::TerminalSession(const std::vector<std::string>& words, std::filesystem::path log,
                                 winsize size)
    : log_{std::move(log)} {
    int outer = -1, inner = -1;
    sys::check(::openpty(&outer, &inner, nullptr, nullptr, &size), "make a terminal");
    terminal_ = sys::UniqueFd{outer};
    const sys::UniqueFd other{inner};
    ::fcntl(outer, F_SETFD, FD_CLOEXEC);
    termios unusual = {};
    sys::check(::tcgetattr(inner, &unusual), "read the settings of a terminal");
    unusual.c_cc[VERASE] = '\b'; // to be found again
    sys::check(::tcsetattr(inner, TCSANOW, &unusual), "change the settings of a terminal");
    const std::vector<char*> argv = sys::word_pointers(words);
    pid_ = sys::check(::fork(), "fork");
    if (pid_ != 0) return;
    ::setenv("TERM", "xterm", 1);
    ::login_tty(inner);
    ::execv(argv[0], argv.data());
    ::_exit(126);
}

TerminalSession::~TerminalSession() {
    sys::write_file(log_, sys::read_file_if_exists(log_).value_or("") + shown_, 0600);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
}

void TerminalSession::type(std::string_view keys) const {
    sys::write_all(terminal_.get(), keys, "the terminal");
}

TerminalSession::Read TerminalSession::read_some(std::chrono::milliseconds wait) {
    if (!terminal_) {
        ::usleep(10'000);
        return Read::end;
    }
    struct pollfd ready = {terminal_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return Read::none;
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(terminal_.get(), buffer.data(), buffer.size());
    if (got <= 0) return Read::end; // EIO: the program's side is closed
    shown_.append(buffer.data(), static_cast<std::size_t>(got));
    return Read::some;
}

bool TerminalSession::sees(std::string_view text) {
    const auto until = Clock::now() + patience;
    for (;;) {
        if (const std::size_t at = shown_.find(text, seen_); at != std::string::npos) {
            seen_ = at + text.size();
            return true;
        }
        if (Clock::now() > until || read_some(100ms) == Read::end) return false;
    }
}

bool TerminalSession::done(const std::string& line) {
    const int mark = ++marks_;
    type(fmt::format("{}; echo 'ma''rk {}.'\r", line, mark)); // what is typed is shown, too, and is no mark
    return sees(fmt::format("mark {}.", mark));
}

void TerminalSession::resize(winsize size) const {
    sys::check(::ioctl(terminal_.get(), TIOCSWINSZ, &size), "set the size of a terminal");
}

termios TerminalSession::settings() const {
    termios settings = {};
    sys::check(::tcgetattr(terminal_.get(), &settings), "read the settings of a terminal");
    return settings;
}

void TerminalSession::hang_up() { terminal_.reset(); }

int TerminalSession::exit_code() {
    const auto until = Clock::now() + patience;
    int status = 0;
    do {
        if (Clock::now() > until) return -1;
        (void)read_some(10ms);
    } while (::waitpid(pid_, &status, WNOHANG) != pid_);
    pid_ = -1;
    while (read_some(100ms) == Read::some) {} // the rest
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::string difference(const termios& before, const termios& after) {
    std::string text;
    const auto compare = [&](const char* what, unsigned one, unsigned other) {
        if (one != other) text += fmt::format("{}: {:o} became {:o}\n", what, one, other);
    };
    compare("input", before.c_iflag, after.c_iflag);
    compare("output", before.c_oflag, after.c_oflag);
    compare("control", before.c_cflag, after.c_cflag);
    compare("local", before.c_lflag, after.c_lflag);
    for (std::size_t key = 0; key < NCCS; ++key) compare("a key", before.c_cc[key], after.c_cc[key]);
    return text;
}

} // namespace disco::tests
