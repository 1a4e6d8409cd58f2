#include "runner/sandbox/terminal_relay.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace disco::sandbox {
namespace {

constexpr std::size_t at_once = 65536; ///< and no more is kept of either side

/// Nothing to move now; the next poll(2) shows when there is.
bool not_now(int error) { return error == EAGAIN || error == EINTR; }

[[noreturn]] void lose_terminal() { throw sys::Interrupted{SIGHUP}; }

} // namespace

TerminalRelay::TerminalRelay(int outer, int inner, Heard heard)
    : outer_{outer}, inner_{inner}, heard_{std::move(heard)} {
    const int flags = sys::check(::fcntl(inner_, F_GETFL), "set up the terminal of the sandbox");
    sys::check(::fcntl(inner_, F_SETFL, flags | O_NONBLOCK), "set up the terminal of the sandbox");
    sys::check(::tcsetattr(inner_, TCSANOW, &outer_.settings()), "set up the terminal of the sandbox");
    pass_size();
}

std::array<pollfd, TerminalRelay::wait_count> TerminalRelay::waits() const {
    const auto wanted = [](const std::string& in, const std::string& out) {
        return static_cast<short>((in.size() < at_once ? POLLIN : 0) | (out.empty() ? 0 : POLLOUT));
    };
    return {pollfd{outer_.fd(), wanted(keys_, shown_), 0}, pollfd{inner_, wanted(shown_, keys_), 0},
            pollfd{outer_.resize_fd(), POLLIN, 0}};
}

void TerminalRelay::serve() {
    pass_size();
    read_keys();
    pass_keys();
    listen();
    show();
}

void TerminalRelay::finish() {
    for (;;) {
        while (listen() == Movement::yes && show() == Movement::yes) {}
        if (shown_.empty()) return;
        std::array<pollfd, 2> waits = {pollfd{outer_.fd(), POLLOUT, 0},
                                       pollfd{sys::interrupt_fd(), POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
            throw sys::SysError{errno, "wait for the terminal"};
        sys::throw_if_interrupted();
        show();
    }
}

/// Takes what the programs have written. Their end of the terminal is gone, or none was ever open: EIO.
TerminalRelay::Movement TerminalRelay::listen() {
    if (shown_.size() >= at_once) return Movement::no;
    std::array<char, at_once> buffer;
    const ssize_t got = ::read(inner_, buffer.data(), buffer.size());
    if (got < 0 && errno != EIO && !not_now(errno))
        throw sys::SysError{errno, "read from the terminal of the sandbox"};
    if (got <= 0) return Movement::no;
    const std::string_view bytes{buffer.data(), static_cast<std::size_t>(got)};
    heard_(bytes);
    shown_ += bytes;
    return Movement::yes;
}

TerminalRelay::Movement TerminalRelay::show() {
    if (shown_.empty()) return Movement::no;
    const ssize_t wrote = ::write(outer_.fd(), shown_.data(), shown_.size());
    if (wrote < 0 && errno == EIO) lose_terminal();
    if (wrote < 0 && !not_now(errno)) throw sys::SysError{errno, "write to the terminal"};
    if (wrote <= 0) return Movement::no;
    shown_.erase(0, static_cast<std::size_t>(wrote));
    return Movement::yes;
}

void TerminalRelay::read_keys() {
    if (keys_.size() >= at_once) return;
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(outer_.fd(), buffer.data(), buffer.size());
    // In raw mode the end of a file is no key, but the end of the terminal.
    if (got == 0 || (got < 0 && errno == EIO)) lose_terminal();
    if (got < 0 && !not_now(errno)) throw sys::SysError{errno, "read from the terminal"};
    if (got > 0) keys_.append(buffer.data(), static_cast<std::size_t>(got));
}

void TerminalRelay::pass_keys() {
    if (keys_.empty()) return;
    const ssize_t wrote = ::write(inner_, keys_.data(), keys_.size());
    if (wrote < 0 && errno == EIO) return; // nobody is left there
    if (wrote < 0 && !not_now(errno)) throw sys::SysError{errno, "write to the terminal of the sandbox"};
    if (wrote > 0) keys_.erase(0, static_cast<std::size_t>(wrote));
}

void TerminalRelay::pass_size() {
    outer_.acknowledge_resize(); // before the look: a later change is noticed again
    const winsize size = outer_.size();
    sys::check(::ioctl(inner_, TIOCSWINSZ, &size), "set the size of the terminal of the sandbox");
}

} // namespace disco::sandbox
