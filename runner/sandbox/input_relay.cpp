#include "runner/sandbox/input_relay.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

constexpr std::size_t at_once = 65536;

/// In the background a read stops the process (SIGTTIN). Where the terminal is not the process's own, nobody
/// asks.
bool in_background(int terminal) {
    const pid_t foreground = ::tcgetpgrp(terminal);
    return foreground >= 0 && foreground != ::getpgrp();
}

} // namespace

InputPipe make_input_pipe() {
    std::array<int, 2> ends = {-1, -1};
    sys::check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe for the sandbox's input");
    InputPipe pipe{sys::UniqueFd{ends[0]}, sys::UniqueFd{ends[1]}};
    sys::check(::fcntl(ends[1], F_SETFL, O_NONBLOCK), "set up a pipe for the sandbox's input");
    return pipe;
}

InputRelay::InputRelay(int from, InputPipe pipe) : from_{from}, pipe_{std::move(pipe)} {
    struct stat status = {};
    if (::fstat(pipe_.read.get(), &status) == 0) inode_ = status.st_ino;
    if (::fstat(from, &status) != 0) throw sys::SysError{errno, "look at standard input"};
    if (S_ISREG(status.st_mode)) source_ = Source::file;
    if (S_ISSOCK(status.st_mode)) source_ = Source::socket;
    if (::isatty(from) == 1) source_ = Source::terminal;
    // Others who share the open file would not expect that it does not block. Where it cannot be opened anew,
    // it is read when poll(2) says that there is something.
    if (source_ == Source::terminal || S_ISFIFO(status.st_mode))
        opened_ = sys::UniqueFd{::open(fmt::format("/proc/self/fd/{}", from).c_str(),
                                       O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (opened_) from_ = opened_.get();
}

bool InputRelay::wants_to_read() const {
    return !ended_ && kept_.empty() && !(source_ == Source::terminal && in_background(from_));
}

/// A descriptor that is not waited for is -1: poll(2) would report its end again and again.
std::array<pollfd, InputRelay::wait_count> InputRelay::waits() const {
    return {pollfd{wants_to_read() ? from_ : -1, POLLIN, 0},
            pollfd{kept_.empty() ? -1 : pipe_.write.get(), POLLOUT, 0}};
}

int InputRelay::patience_ms() const {
    return !ended_ && source_ == Source::terminal && in_background(from_) ? 200 : -1;
}

void InputRelay::serve() {
    pass();
    if (wants_to_read()) {
        read_some();
        pass();
    }
}

void InputRelay::read_some() {
    struct pollfd ready = {from_, POLLIN, 0};
    if (::poll(&ready, 1, 0) != 1) return;
    std::array<char, at_once> buffer;
    const ssize_t got = source_ == Source::socket ? ::recv(from_, buffer.data(), buffer.size(), MSG_DONTWAIT)
                                                  : ::read(from_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // EBADF: it is not open for reading, which is how nohup(1) takes a terminal away. EISDIR: a directory.
    // EIO: of a terminal that is gone.
    const bool unreadable =
        got < 0 && (errno == EBADF || errno == EISDIR || (errno == EIO && source_ == Source::terminal));
    if (got < 0 && !unreadable) throw sys::SysError{errno, "read from standard input"};
    if (got <= 0) {
        ended_ = true;
        pipe_.write.reset();
        return;
    }
    kept_.assign(buffer.data(), static_cast<std::size_t>(got));
}

void InputRelay::pass() {
    if (kept_.empty()) return;
    const ssize_t wrote = ::write(pipe_.write.get(), kept_.data(), kept_.size());
    if (wrote < 0 && errno != EAGAIN && errno != EINTR)
        throw sys::SysError{errno, "pass standard input on to the sandbox"};
    if (wrote <= 0) return;
    kept_.erase(0, static_cast<std::size_t>(wrote));
    passed_ += static_cast<std::size_t>(wrote);
}

void InputRelay::give_back() noexcept {
    ended_ = true;
    int in_pipe = 0;
    if (source_ != Source::file || ::ioctl(pipe_.read.get(), FIONREAD, &in_pipe) != 0) return;
    // Root opens the pipe for writing by /proc/self/fd/0. What is in it beyond what was passed is not the
    // file's.
    const std::size_t unread =
        kept_.size() + std::min(static_cast<std::size_t>(std::max(in_pipe, 0)), passed_);
    kept_.clear();
    if (unread != 0) ::lseek(from_, -static_cast<off_t>(unread), SEEK_CUR);
}

} // namespace disco::sandbox
