#include "runner/sys/raw_terminal.hpp"

#include "runner/sys/error.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::sys {

RawTerminal::RawTerminal(int fd) {
    const std::string path = fmt::format("/proc/self/fd/{}", fd);
    fd_ = UniqueFd{::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (!fd_) throw SysError{errno, "open the terminal", path};
    check(::tcgetattr(fd_.get(), &settings_), "read the settings of the terminal");
    sigset_t resize;
    ::sigemptyset(&resize);
    ::sigaddset(&resize, SIGWINCH);
    resizes_ = UniqueFd{::signalfd(-1, &resize, SFD_NONBLOCK | SFD_CLOEXEC)};
    if (!resizes_) throw SysError{errno, "watch the size of the terminal"};
    check(::sigprocmask(SIG_BLOCK, &resize, &signals_),
          "watch the size of the terminal"); // a signalfd's rule
    termios raw = settings_;
    ::cfmakeraw(&raw);
    // At once: waiting for what is still to be shown could take for ever on a stopped terminal.
    if (::tcsetattr(fd_.get(), TCSANOW, &raw) == 0) return;
    const int code = errno;
    ::sigprocmask(SIG_SETMASK, &signals_, nullptr);
    throw SysError{code, "set the terminal to raw mode"};
}

RawTerminal::~RawTerminal() {
    ::tcflush(fd_.get(), TCIFLUSH);
    // EIO: the terminal is gone, and its settings with it.
    if (::tcsetattr(fd_.get(), TCSANOW, &settings_) != 0 && errno != EIO) {
        const int code = errno;
        spdlog::warn("cannot restore the settings of the terminal (`stty sane` helps), ignoring: {}",
                     errno_text(code));
    }
    ::sigprocmask(SIG_SETMASK, &signals_, nullptr);
}

winsize RawTerminal::size() const noexcept {
    winsize size = {};
    if (::ioctl(fd_.get(), TIOCGWINSZ, &size) != 0) size = {};
    return size;
}

void RawTerminal::acknowledge_resize() noexcept {
    signalfd_siginfo signal = {};
    while (::read(resizes_.get(), &signal, sizeof signal) > 0) {}
}

} // namespace disco::sys
