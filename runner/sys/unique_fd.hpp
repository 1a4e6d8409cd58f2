#pragma once

#include <unistd.h>
#include <utility>

namespace disco::sys {

/// Owns a file descriptor. Empty when negative; moves, never copies, survives self-move.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) noexcept : fd_{fd} {}
    UniqueFd(UniqueFd&& other) noexcept : fd_{other.release()} {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        const UniqueFd doomed{std::exchange(fd_, other.release())};
        return *this;
    }
    ~UniqueFd() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset() noexcept { const UniqueFd doomed{release()}; }

private:
    int fd_ = -1;
};

} // namespace disco::sys
