#pragma once

#include "runner/sys/unique_fd.hpp"

namespace disco::sandbox {

/// What programs of a sandbox send to the system's log (syslog(3), logger(1)): PID 1 binds the socket at
/// /dev/log, and what comes is read and dropped. Without a reader logger(1) fails, which it does not do on
/// the machine, and what pipes into it with it.
class LogSink {
public:
    /// Throws SysError.
    LogSink();
    /// To be bound, and polled for reading.
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }
    /// Drops what is there, but not so much that a flood keeps the caller from other work. Descriptors that
    /// come along are closed by the kernel.
    void drain() const noexcept;

private:
    sys::UniqueFd socket_;
};

} // namespace disco::sandbox
