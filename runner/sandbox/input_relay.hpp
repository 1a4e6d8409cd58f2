#pragma once

#include "runner/sys/unique_fd.hpp"

#include <array>
#include <cstddef>
#include <string>

#include <poll.h>
#include <sys/types.h>

namespace disco::sandbox {

struct InputPipe {
    sys::UniqueFd read, write; ///< `write` does not block
};
/// Throws SysError.
[[nodiscard]] InputPipe make_input_pipe();

/// Passes the caller's standard input on to a sandbox's programs by a pipe: with the caller's own descriptor
/// they could write to the file behind it, and give it another owner and mode.
///
/// It reads no further than it gets rid of, but the pipe takes up to 64 KiB that no program may ever ask for.
/// A file gets them back, in the end; what came from a pipe or a terminal is gone for whoever reads there
/// later.
class InputRelay {
public:
    /// `from`: borrowed.
    InputRelay(int from, InputPipe pipe);

    static constexpr std::size_t wait_count = 2;
    /// What to poll(2) for.
    [[nodiscard]] std::array<pollfd, wait_count> waits() const;
    /// How long to poll(2) at most, in milliseconds; -1: for ever. No event says that this process has come
    /// to the foreground of its terminal and may read there, so it looks now and then.
    [[nodiscard]] int patience_ms() const;
    /// Moves what can be moved, without waiting. Throws SysError.
    void serve();
    /// The inode number of the pipe.
    [[nodiscard]] ino_t inode() const noexcept { return inode_; }
    /// When all programs have ended: a file's reading position is where they have stopped to read. It is
    /// never before where it was at first, although programs can write into the pipe themselves.
    void give_back() noexcept;

private:
    [[nodiscard]] bool wants_to_read() const;
    void read_some();
    void pass();
    int from_;
    InputPipe pipe_;
    ino_t inode_ = 0;
    sys::UniqueFd opened_; ///< `from` anew, so that it does not block
    enum class Source { file, terminal, socket, other } source_ = Source::other;
    bool ended_ = false;
    std::string kept_;       ///< read, and not yet taken by the pipe
    std::size_t passed_ = 0; ///< bytes that the pipe has taken
};

} // namespace disco::sandbox
