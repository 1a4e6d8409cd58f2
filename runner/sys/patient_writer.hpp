#pragma once

#include "runner/sys/unique_fd.hpp"

#include <string>
#include <string_view>

#include <poll.h>

namespace disco::sys {

/// Writes to a descriptor that may not take anything for a while: a terminal that was stopped (Ctrl-S), a
/// pipe whose reader sleeps. Whoever writes does not wait for that, and so can look at time-outs and signals.
class PatientWriter {
public:
    /// `fd`: borrowed.
    explicit PatientWriter(int fd);

    /// Writes what is taken now and keeps the rest. That nobody reads any more (EPIPE) is no error: what
    /// comes then is dropped, as the reader has what it wanted. Throws SysError.
    void write(std::string_view bytes);
    /// Something was dropped for that reason.
    [[nodiscard]] bool has_lost_its_reader() const noexcept { return lost_reader_; }
    /// So much is kept that nothing more should come for now.
    [[nodiscard]] bool full() const noexcept { return kept_.size() >= enough; }
    /// What to poll(2) for before `serve`; fd -1: nothing is kept.
    [[nodiscard]] pollfd wait() const noexcept;
    void serve() { write({}); }
    /// Waits until all is written, or for a second from a signal that ends this program (sys/interrupt.hpp):
    /// then what is left is dropped. Throws SysError.
    void finish();

private:
    [[nodiscard]] ssize_t write_some(std::string_view bytes) const;
    static constexpr std::size_t enough = 65536;
    int fd_;
    UniqueFd opened_; ///< `fd` anew, so that it does not block
    enum class Kind { file, socket, nonblocking, blocking } kind_ = Kind::file;
    std::string kept_;
    bool lost_reader_ = false;
};

} // namespace disco::sys
