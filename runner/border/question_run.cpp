#include "runner/border/question_run.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    sys::UniqueFd read, write;
    Pipe() {
        std::array<int, 2> ends = {-1, -1};
        sys::check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe");
        read = sys::UniqueFd{ends[0]};
        write = sys::UniqueFd{ends[1]};
        sys::check(::fcntl(read.get(), F_SETFL, O_NONBLOCK), "set up a pipe");
    }
};

struct Actions {
    posix_spawn_file_actions_t value;
    Actions() { ::posix_spawn_file_actions_init(&value); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
};

struct Attributes {
    posix_spawnattr_t value;
    Attributes() {
        ::posix_spawnattr_init(&value);
        sigset_t all, none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&value, &all);
        ::posix_spawnattr_setsigmask(&value, &none);
        // A session of its own: Ctrl-C is the run's to pass on.
        ::posix_spawnattr_setflags(&value,
                                   POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { ::posix_spawnattr_destroy(&value); }
};

} // namespace

QuestionRun::QuestionRun(const HostCommand& command) : started_{Clock::now()} {
    Pipe input, output, error;
    Actions actions;
    ::posix_spawn_file_actions_adddup2(&actions.value, input.read.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions.value, output.write.get(), 1);
    ::posix_spawn_file_actions_adddup2(&actions.value, error.write.get(), 2);
    const Attributes attributes;
    const auto argv = sys::word_pointers(command.argv), environment = sys::word_pointers(command.environment);
    const int code =
        ::posix_spawn(&process_, argv[0], &actions.value, &attributes.value, argv.data(), environment.data());
    if (code != 0) throw sys::SysError{code, "run", command.argv[0]};
    pidfd_ = sys::UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, process_, 0))};
    if (!pidfd_) {
        const int failed = errno;
        end();
        throw sys::SysError{failed, "watch the program", command.argv[0]};
    }
    output_ = std::move(output.read);
    error_ = std::move(error.read);
}

QuestionRun::~QuestionRun() { end(); }

std::vector<int> QuestionRun::descriptors() const { return {pidfd_.get(), output_.get(), error_.get()}; }

/// False when there is more than may be.
bool QuestionRun::drain(int fd, std::string& text) {
    std::array<char, 16384> buffer; // NOLINT(*-member-init): read fills it
    while (text.size() <= most_output) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return true;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return false;
}

bool QuestionRun::advance(const std::string& words) {
    const bool fits = drain(output_.get(), answer_.output) && drain(error_.get(), answer_.error);
    if (!fits || Clock::now() >= deadline()) {
        end();
        // A part of an answer would be taken for the whole.
        answer_.output.resize(std::min(answer_.output.size(), most_output));
        answer_.error.resize(std::min(answer_.error.size(), most_output));
        constexpr int too_late = 124, too_long = 125;
        answer_.exit = fits ? too_late : too_long;
        answer_.error +=
            fits ? fmt::format("disco: the host did not answer '{}' within {} s\n", words, patience.count())
                 : fmt::format("disco: the answer of the host to '{}' is longer than {} MiB\n", words,
                               most_output >> 20U);
        return true;
    }
    int status = 0;
    const pid_t reaped = ::waitpid(process_, &status, WNOHANG);
    if (reaped == 0 || (reaped < 0 && errno == EINTR)) return false;
    if (reaped < 0) throw sys::SysError{errno, "wait for a question to the host"};
    process_ = -1;
    // It ended with all that it has started: what is in the pipes is all.
    if (!drain(output_.get(), answer_.output) || !drain(error_.get(), answer_.error)) return advance(words);
    constexpr int by_signal = 128;
    answer_.exit = WIFSIGNALED(status) ? by_signal + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

/// It ends its command when it is asked to; when it cannot even do that, it is ended itself.
void QuestionRun::end() noexcept {
    if (process_ <= 0) return;
    constexpr int patience_ms = 2000;
    ::kill(process_, SIGTERM);
    struct pollfd wait = {pidfd_.get(), POLLIN, 0};
    if (!pidfd_ || ::poll(&wait, 1, patience_ms) <= 0) ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {}
    process_ = -1;
}

} // namespace disco::border
