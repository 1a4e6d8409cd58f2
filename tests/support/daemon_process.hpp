#pragma once

#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace disco::tests {

/// A server program in the foreground that dies with the test, and with it all that it has started: it is the
/// first process of a pid namespace. Needs root.
class DaemonProcess {
public:
    DaemonProcess() = default;
    /// argv[0] is a full path. Its output goes to `log`.
    DaemonProcess(const std::vector<std::string>& argv, const std::string& log);
    DaemonProcess(DaemonProcess&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}
    DaemonProcess& operator=(DaemonProcess&& other) noexcept;
    ~DaemonProcess() { stop(); }
    void stop() noexcept;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool has_ended() noexcept;

private:
    pid_t pid_ = -1;
};

/// A port of 127.0.0.1 that nobody listens on at the moment.
[[nodiscard]] int free_port();

/// Starts a program that listens on a port, as often as it takes to find a free one, and waits until it
/// accepts connections. `argv_for` gives its words for a port. Throws sys::Error with the end of `log` when
/// it never does.
template <class ArgvFor>
std::pair<DaemonProcess, int> start_listening(ArgvFor&& argv_for, const std::string& log);

/// Whether somebody accepts connections on that port of 127.0.0.1.
[[nodiscard]] bool answers(int port);
/// Waits up to ten seconds for `process` to answer; false when it ends or does not.
[[nodiscard]] bool wait_until_it_answers(DaemonProcess& process, int port);
[[noreturn]] void throw_not_listening(const std::string& program, const std::string& log);

template <class ArgvFor>
std::pair<DaemonProcess, int> start_listening(ArgvFor&& argv_for, const std::string& log) {
    for (int attempt = 0; attempt < 5; ++attempt) { // another process may take the port first
        const int port = free_port();
        DaemonProcess process{argv_for(port), log};
        if (wait_until_it_answers(process, port)) return {std::move(process), port};
    }
    throw_not_listening(argv_for(0).front(), log);
}

} // namespace disco::tests
