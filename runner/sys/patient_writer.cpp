#include "runner/sys/patient_writer.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sys {

/// Others who share the open file would not expect that it does not block, so it is opened anew. Where that
/// cannot be done, little is written at a time, when poll(2) says that there is room.
PatientWriter::PatientWriter(int fd) : fd_{fd} {
    struct stat status = {};
    if (::fstat(fd, &status) != 0) return; // the first write says why
    if (S_ISSOCK(status.st_mode)) kind_ = Kind::socket;
    if (!S_ISFIFO(status.st_mode) && ::isatty(fd) != 1) return;
    opened_ = UniqueFd{
        ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    kind_ = opened_ ? Kind::nonblocking : Kind::blocking;
    if (opened_) fd_ = opened_.get();
}

ssize_t PatientWriter::write_some(std::string_view bytes) const {
    switch (kind_) {
    case Kind::file:
    case Kind::nonblocking: return ::write(fd_, bytes.data(), bytes.size());
    case Kind::socket: return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Kind::blocking: break;
    }
    struct pollfd room = {fd_, POLLOUT, 0};
    if (::poll(&room, 1, 0) == 1) return ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), 512));
    errno = EAGAIN;
    return -1;
}

void PatientWriter::write(std::string_view bytes) {
    kept_ += bytes;
    std::size_t written = 0;
    while (written < kept_.size()) {
        const ssize_t wrote = write_some(std::string_view{kept_}.substr(written));
        if (wrote >= 0) {
            written += static_cast<std::size_t>(wrote);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) break;
        const int code = errno;
        kept_.clear();
        lost_reader_ = code == EPIPE;
        if (lost_reader_) return;
        throw SysError{code, "write what is to be shown"};
    }
    kept_.erase(0, written);
}

pollfd PatientWriter::wait() const noexcept { return {kept_.empty() ? -1 : fd_, POLLOUT, 0}; }

void PatientWriter::finish() {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds after_a_signal{1000};
    static auto given_up = Clock::time_point::max(); // of all writers: one second in all
    for (serve(); !kept_.empty(); serve()) {
        if (interrupted() && given_up == Clock::time_point::max()) given_up = Clock::now() + after_a_signal;
        int patience = -1;
        if (given_up != Clock::time_point::max()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(given_up - Clock::now());
            if (left.count() <= 0) return kept_.clear();
            patience = static_cast<int>(left.count());
        }
        // Once a signal has arrived its descriptor says so for ever.
        std::array<pollfd, 2> waits = {wait(), pollfd{patience < 0 ? interrupt_fd() : -1, POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), patience) < 0 && errno != EINTR)
            throw SysError{errno, "wait for room for what is to be shown"};
    }
}

} // namespace disco::sys
