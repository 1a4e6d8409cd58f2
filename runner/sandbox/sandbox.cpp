#include "runner/sandbox/sandbox.hpp"

#include "runner/sandbox/kill_at_once.hpp"
#include "runner/sandbox/launch.hpp"
#include "runner/sandbox/network_attempts.hpp"
#include "runner/sandbox/protocol.hpp"
#include "runner/sandbox/watch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fmt/format.h>

namespace disco::sandbox {

Sandbox::Sandbox(SandboxSpec spec) : spec_{std::move(spec)} {
    LaunchedProcess launched = launch(spec_, log_);
    pid_ = launched.pid;
    pidfd_ = std::move(launched.pidfd);
    control_ = std::move(launched.control);
    lanes_ = std::move(launched.lanes);
    if (launched.input.write) input_.emplace(spec_.input, std::move(launched.input));
}

void Sandbox::enter(std::size_t plan) {
    try {
        order(Order::enter, plan);
        const MountPlan& entered = spec_.mounts.enter.at(plan);
        if (!spec_.memory.empty()) memory_ = expect(Message::Kind::memory, entered);
        // By /proc/PID/root it would take CAP_SYS_PTRACE, which a container may lack.
        root_ = expect(Message::Kind::root, entered);
        terminal_ = expect(Message::Kind::ready, entered);
    } catch (...) {
        close();
        throw;
    }
}

/// What comes with the next message of PID 1, which is of that kind if nothing has failed. `plan`: what it
/// enters by now, if it does.
sys::UniqueFd Sandbox::expect(Message::Kind kind, const MountPlan& plan) const {
    Message message;
    sys::UniqueFd descriptor;
    if (!receive(message, descriptor)) throw sys::Error{"the sandbox died while it was being set up"};
    if (message.kind != kind) throw sys::Error{explain_setup_failure(message, plan, spec_.mounts)};
    return descriptor;
}

NetworkAttempts Sandbox::network_attempts() const {
    const auto text = [&](const char* name) {
        return sys::read_file_if_exists(fmt::format("/proc/{}/net/{}", pid_, name)).value_or("");
    };
    try {
        return sandbox::network_attempts(text("snmp"), text("snmp6"));
    } catch (const sys::SysError&) { // it has died right now
        return {};
    }
}

/// That PID 1 is gone is no error here: the answer, or its absence, shows it.
void Sandbox::order(Order what, std::size_t index, std::size_t count, std::uint32_t unheard) const {
    const Command command{what, static_cast<std::int32_t>(index), static_cast<std::int32_t>(count), unheard};
    if (::send(control_.get(), &command, sizeof command, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        throw sys::SysError{errno, "command the sandbox"};
}

/// One message, and the descriptor that came with it; false when PID 1 is gone.
bool Sandbox::receive(Message& message, sys::UniqueFd& descriptor) const {
    struct iovec bytes = {&message, sizeof message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space = {};
    struct msghdr header = {};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    ssize_t got = -1;
    do {
        header.msg_control = space.data();
        header.msg_controllen = space.size();
        got = ::recvmsg(control_.get(), &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 &&
             (errno == EINTR || errno == ECONNRESET)); // a reset is reported once, before queued messages
    if (got < 0) throw sys::SysError{errno, "hear from the sandbox"};
    if (got > 0 && got != ssize_t{sizeof message}) throw sys::Error{"the sandbox sent a damaged message"};
    const struct cmsghdr* control = got > 0 ? CMSG_FIRSTHDR(&header) : nullptr;
    int received = -1;
    if (control != nullptr && control->cmsg_type == SCM_RIGHTS)
        std::memcpy(&received, CMSG_DATA(control), sizeof received);
    descriptor = sys::UniqueFd{received};
    return got > 0;
}

Sandbox::Sandbox(Sandbox&& other) noexcept
    : spec_{std::move(other.spec_)},
      pid_{std::exchange(other.pid_, -1)},
      pidfd_{std::move(other.pidfd_)},
      control_{std::move(other.control_)},
      root_{std::move(other.root_)},
      memory_{std::move(other.memory_)},
      terminal_{std::move(other.terminal_)},
      log_{std::move(other.log_)},
      lanes_{std::move(other.lanes_)},
      input_{std::move(other.input_)} {}

Sandbox::~Sandbox() { close(); }

void Sandbox::stop() noexcept {
    root_.reset();
    memory_.reset();
    control_.reset();
    if (pid_ > 0) kill_at_once(pid_); // our child, not yet reaped: the number cannot mean another process
}

void Sandbox::close() noexcept {
    stop();
    if (pid_ <= 0) return;
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
}

std::string ProgramEnd::describe(const Program& program) const {
    switch (how) {
    case Kind::exited: return fmt::format("exited with {}", exit);
    case Kind::signalled: return fmt::format("was killed by {}", sys::signal_name(signal));
    case Kind::timed_out:
        return fmt::format(
            "took longer than {:g} s and was killed (the module's `sandbox` file may set `timeout SECONDS`)",
            std::chrono::duration<double>(program.timeout.value()).count());
    case Kind::too_much_output:
        return fmt::format("printed more than {:.4g} MiB and was killed",
                           static_cast<double>(program.standard_output_limit) / (1 << 20));
    case Kind::too_many_tasks:
        return fmt::format("started more than {} processes and threads and was killed", Watch::task_limit);
    case Kind::scratch_full:
        return "was killed because the file system of the scratch space is nearly full (make room there, or "
               "use "
               "--state-dir on a larger file system)";
    case Kind::not_started: return failure;
    case Kind::stopped_too: return "was ended because another program of the sandbox had to be stopped";
    case Kind::sandbox_died: return "ended because the sandbox was killed from outside";
    }
    return "?"; // not reached: -Wswitch guards the list
}

} // namespace disco::sandbox
