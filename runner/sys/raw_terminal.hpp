#pragma once

#include "runner/sys/unique_fd.hpp"

#include <csignal>

#include <sys/ioctl.h>
#include <termios.h>

namespace disco::sys {

/// A person's terminal in raw mode: every key is a byte, and nothing is done to what is written. On every way
/// out it is as it was found; what was typed until then and not read is thrown away, so that it answers no
/// question that comes later. One at a time. Needs a single-threaded process.
class RawTerminal {
public:
    /// `fd`: open on a terminal, borrowed. It is opened anew: the open file is shared with others, who would
    /// not expect that it does not block. Throws SysError.
    explicit RawTerminal(int fd);
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal();

    /// For reading and writing; does not block.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// termios(3) as it was found: the keys, say, which another terminal is to have, too.
    [[nodiscard]] const termios& settings() const noexcept { return settings_; }
    /// Zeros where nobody has said how large it is.
    [[nodiscard]] winsize size() const noexcept;

    /// Readable when the size has changed (SIGWINCH), until `acknowledge_resize`.
    [[nodiscard]] int resize_fd() const noexcept { return resizes_.get(); }
    void acknowledge_resize() noexcept;

private:
    UniqueFd fd_, resizes_;
    termios settings_ = {};
    sigset_t signals_ = {};
};

} // namespace disco::sys
