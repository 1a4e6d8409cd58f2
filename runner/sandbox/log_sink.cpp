#include "runner/sandbox/log_sink.hpp"

#include "runner/sys/error.hpp"

#include <cerrno>

#include <sys/socket.h>

namespace disco::sandbox {

LogSink::LogSink() : socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
    if (!socket_) throw sys::SysError{errno, "make the socket of the sandbox's log"};
}

void LogSink::drain() const noexcept {
    constexpr int most_at_once = 64;
    char byte = 0; // the rest of a datagram goes with it
    for (int i = 0; i < most_at_once && ::recv(socket_.get(), &byte, sizeof byte, MSG_TRUNC) >= 0; ++i) {}
}

} // namespace disco::sandbox
