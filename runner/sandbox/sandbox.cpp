#include "runner/sandbox/sandbox.hpp"

#include "runner/sandbox/launch.hpp"
#include "runner/sandbox/output_collector.hpp"
#include "runner/sandbox/protocol.hpp"
#include "runner/sandbox/watch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

/// One message; false when PID 1 is gone.
bool receive(int control, Message& message) {
    ssize_t got = -1;
    do got = ::recv(control, &message, sizeof message, 0);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET)); // a reset is told once, before what is queued
    if (got < 0) throw sys::SysError{errno, "hear from the sandbox"};
    if (got > 0 && got != ssize_t{sizeof message}) throw sys::Error{"the sandbox sent a damaged message"};
    return got > 0;
}

} // namespace

/// One program's run: waits for its end while passing its output on and watching that it stays within bounds.
class Sandbox::Runner {
public:
    Runner(Sandbox& sandbox, const Program& program, const OutputSink& sink)
        : sandbox_{sandbox},
          program_{program},
          sink_{sink},
          started_{Clock::now()},
          watch_{sandbox.root_.get(), sandbox.spec_.layers_directory} {}

    ProgramEnd run(std::size_t index, const std::function<void()>& meanwhile) {
        if (!sandbox_.control_)
            throw sys::Error{"the sandbox has ended, so no further program can run in it"};
        sandbox_.order(Order::run, index);
        if (meanwhile) meanwhile();
        if (!wait_for(Message::Kind::ended)) return finish_dead();
        end_.usage = model::resource_usage(message_.usage);
        if (end_.how != ProgramEnd::How::not_started) {
            end_.exit = WIFEXITED(message_.status) ? WEXITSTATUS(message_.status) : 0;
            end_.signal = WIFSIGNALED(message_.status) ? WTERMSIG(message_.status) : 0;
            end_.how = end_.signal != 0 ? ProgramEnd::How::signalled : ProgramEnd::How::exited;
        }
        if (message_.others != 0) {
            end_.left_running = watch_.command_lines();
            sandbox_.order(Order::kill_others, 0);
            if (!wait_for(Message::Kind::others_killed)) return finish_dead();
        }
        drain(); // nobody is left to write: what is in the pipes is all
        return finish();
    }

private:
    /// False when the program had to be stopped or PID 1 died; `end_.how` then says why.
    bool wait_for(Message::Kind wanted) {
        for (;;) {
            std::array<pollfd, 4> waits = {{{sandbox_.control_.get(), POLLIN, 0},
                                            {sandbox_.output_.get(), POLLIN, 0},
                                            {sandbox_.standard_output_.get(), POLLIN, 0},
                                            {sys::interrupt_fd(), POLLIN, 0}}};
            const int ready = ::poll(waits.data(), waits.size(), patience_ms());
            if (ready < 0 && errno != EINTR) throw sys::SysError{errno, "wait for the sandbox"};
            sys::throw_if_interrupted();
            drain();
            if (waits[0].revents != 0) {
                if (!receive(sandbox_.control_.get(), message_)) return stop(ProgramEnd::How::sandbox_died);
                if (message_.kind == wanted) return true;
                if (message_.kind == Message::Kind::setup_failed) note_not_started();
            }
            if (end_.standard_output.size() > program_.standard_output_limit)
                return stop(ProgramEnd::How::too_much_output);
            const auto now = Clock::now();
            if (now - started_ >= program_.timeout) return stop(ProgramEnd::How::timed_out);
            if (now < next_look_) continue;
            next_look_ = now + look_interval;
            if (watch_.too_many_processes()) return stop(ProgramEnd::How::too_many_processes);
            if (watch_.scratch_nearly_full()) return stop(ProgramEnd::How::scratch_full);
        }
    }

    [[nodiscard]] int patience_ms() const {
        const auto until = std::min(next_look_, started_ + program_.timeout) - Clock::now();
        return std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(until).count()));
    }

    void note_not_started() {
        end_.how = ProgramEnd::How::not_started;
        end_.failure = explain_start_failure(message_, program_);
    }

    bool stop(ProgramEnd::How how) {
        end_.how = how;
        return false;
    }

    void drain() {
        std::array<char, 65536> buffer;
        for (;;) {
            const ssize_t got = ::read(sandbox_.output_.get(), buffer.data(), buffer.size());
            if (got <= 0) break;
            const std::string_view bytes{buffer.data(), static_cast<std::size_t>(got)};
            output_.append(bytes);
            sink_(bytes);
        }
        while (end_.standard_output.size() <= program_.standard_output_limit) {
            const ssize_t got = ::read(sandbox_.standard_output_.get(), buffer.data(), buffer.size());
            if (got <= 0) break;
            if (program_.output == Program::Output::separate)
                end_.standard_output.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }

    /// The whole sandbox goes: the kernel kills every process of the namespace with its PID 1.
    ProgramEnd finish_dead() {
        sandbox_.close();
        drain();
        return finish();
    }

    ProgramEnd finish() {
        end_.wall_s = std::chrono::duration<double>(Clock::now() - started_).count();
        end_.output = output_.text();
        return std::move(end_);
    }

    static constexpr auto look_interval = std::chrono::milliseconds{20};
    Sandbox& sandbox_;
    const Program& program_;
    const OutputSink& sink_;
    Clock::time_point started_;
    Clock::time_point next_look_ = started_ + look_interval;
    Watch watch_;
    OutputCollector output_;
    Message message_;
    ProgramEnd end_;
};

Sandbox::Sandbox(SandboxSpec spec) : spec_{std::move(spec)} {
    Launched launched = launch(spec_);
    pid_ = launched.pid;
    pidfd_ = std::move(launched.pidfd);
    control_ = std::move(launched.control);
    output_ = std::move(launched.output);
    standard_output_ = std::move(launched.standard_output);
}

void Sandbox::enter(std::size_t plan) {
    try {
        order(Order::enter, plan);
        Message message;
        if (!receive(control_.get(), message)) throw sys::Error{"the sandbox died while it was being set up"};
        if (message.kind != Message::Kind::ready)
            throw sys::Error{explain_setup_failure(message, spec_.mounts.enter.at(plan), spec_.mounts)};
        const std::string path = fmt::format("/proc/{}/root", pid_);
        root_ = sys::UniqueFd{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
        if (!root_) throw sys::SysError{errno, "open the root of the sandbox", path};
    } catch (...) {
        close();
        throw;
    }
}

/// That PID 1 is gone is told by the answer, or by its absence.
void Sandbox::order(Order what, std::size_t index) const {
    const Command command{what, static_cast<std::int32_t>(index)};
    if (::send(control_.get(), &command, sizeof command, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        throw sys::SysError{errno, "command the sandbox"};
}

Sandbox::Sandbox(Sandbox&& other) noexcept
    : spec_{std::move(other.spec_)},
      pid_{std::exchange(other.pid_, -1)},
      pidfd_{std::move(other.pidfd_)},
      control_{std::move(other.control_)},
      output_{std::move(other.output_)},
      standard_output_{std::move(other.standard_output_)},
      root_{std::move(other.root_)} {}

Sandbox::~Sandbox() { close(); }

void Sandbox::stop() noexcept {
    root_.reset();
    control_.reset();
    if (pid_ > 0) ::kill(pid_, SIGKILL); // our child, not yet reaped: the number cannot mean another process
}

void Sandbox::close() noexcept {
    stop();
    if (pid_ <= 0) return;
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    pid_ = -1;
}

ProgramEnd Sandbox::run(std::size_t index, const OutputSink& sink, const std::function<void()>& meanwhile) {
    return Runner{*this, spec_.programs.at(index), sink}.run(index, meanwhile);
}

std::string ProgramEnd::describe(const Program& program) const {
    switch (how) {
    case How::exited: return fmt::format("exited with {}", exit);
    case How::signalled: return fmt::format("was killed by {}", sys::signal_name(signal));
    case How::timed_out:
        return fmt::format(
            "took longer than {:g} s and was killed (the module's `sandbox` file may set `timeout SECONDS`)",
            std::chrono::duration<double>(program.timeout).count());
    case How::too_much_output:
        return fmt::format("printed more than {:.4g} MiB and was killed",
                           static_cast<double>(program.standard_output_limit) / (1 << 20));
    case How::too_many_processes:
        return fmt::format("started more than {} processes and was killed", Watch::process_limit);
    case How::scratch_full:
        return "was killed because the file system of the scratch space is nearly full (make room there, or "
               "use "
               "--state-dir on a larger file system)";
    case How::not_started: return failure;
    case How::sandbox_died: return "ended because the sandbox was killed from outside";
    }
    return "?"; // not reached: -Wswitch guards the list
}

} // namespace disco::sandbox
