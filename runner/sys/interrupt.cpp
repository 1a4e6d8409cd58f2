#include "runner/sys/interrupt.hpp"

#include "runner/sys/error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sys {
namespace {

volatile std::sig_atomic_t arrived = 0;
int uninterrupted_depth = 0;
std::array<int, 2> wake_pipe = {-1, -1};

void note_signal(int signal) {
    const int saved = errno;
    arrived = signal;
    const char byte = 0;
    [[maybe_unused]] const auto ignored = ::write(wake_pipe[1], &byte, 1); // full is as good as written
    errno = saved;
}

} // namespace

void watch_interrupts() {
    if (wake_pipe[0] >= 0) return;
    check(::pipe2(wake_pipe.data(), O_CLOEXEC | O_NONBLOCK), "make a pipe for signals");
    struct sigaction action = {};
    action.sa_handler = note_signal;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before = {};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler == SIG_IGN) continue; // nohup(1) and background jobs of a plain shell
        check(::sigaction(signal, &action, nullptr), "handle signals");
    }
    // Who started this program may have ignored it. Then the kernel forgets how a child ended.
    struct sigaction normal = {};
    normal.sa_handler = SIG_DFL;
    check(::sigaction(SIGCHLD, &normal, nullptr), "hear of children that end");
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    check(::sigaction(SIGPIPE, &ignore, nullptr), "ignore SIGPIPE");
}

int interrupt_fd() noexcept { return uninterrupted_depth > 0 ? -1 : wake_pipe[0]; }

bool interrupted() noexcept { return arrived != 0 && uninterrupted_depth == 0; }

void throw_if_interrupted() {
    if (interrupted()) throw Interrupted{arrived};
}

UninterruptedSection::UninterruptedSection() noexcept { ++uninterrupted_depth; }
UninterruptedSection::~UninterruptedSection() { --uninterrupted_depth; }

std::string signal_name(int signal) {
    const char* name = ::sigabbrev_np(signal); // a real-time signal has none
    const char* text = ::strsignal(signal);
    return name != nullptr ? fmt::format("SIG{} ({})", name, text)
                           : fmt::format("signal {} ({})", signal, text);
}

} // namespace disco::sys
