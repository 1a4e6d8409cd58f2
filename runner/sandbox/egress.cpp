#include "runner/sandbox/egress.hpp"

#include "runner/sandbox/clone_process.hpp"
#include "runner/sandbox/egress_keeper.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds{10};
constexpr std::size_t heard_at_most = 4096;

struct Pipe {
    sys::UniqueFd read, write;
    Pipe() {
        std::array<int, 2> ends = {-1, -1};
        sys::check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe");
        read = sys::UniqueFd{ends[0]};
        write = sys::UniqueFd{ends[1]};
        // Also for the program: a full pipe, which nobody reads while scripts run, must not hold it up.
        for (const int end : ends) sys::check(::fcntl(end, F_SETFL, O_NONBLOCK), "set up a pipe");
    }
};

} // namespace

Egress::Egress(EgressCommand command, int network_namespace) : command_{std::move(command)} {
    Pipe ready, words;
    const auto argv = sys::word_pointers(command_.argv),
               environment = sys::word_pointers(command_.environment);
    EgressKeeperView view;
    view.path = command_.path.c_str();
    view.argv = argv.data();
    view.environment = environment.data();
    view.network = network_namespace;
    view.ready = ready.write.get();
    view.words = words.write.get();
    view.ready_as = command_.ready;
    int pidfd = -1;
    keeper_ = sys::check(clone_process(CLONE_NEWPID, pidfd), "start", command_.path);
    if (keeper_ == 0) run_egress_keeper(view);
    pidfd_ = sys::UniqueFd{pidfd};
    ready_ = std::move(ready.read);
    words_ = std::move(words.read);
}

void Egress::stop() const noexcept {
    ::kill(keeper_, SIGKILL); // our child, not yet reaped: the number cannot mean another process
}

Egress::~Egress() {
    stop();
    while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {}
}

void Egress::wait_until_ready() {
    const auto deadline = Clock::now() + patience;
    while (!is_ready_) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) fail("is not ready after 10 seconds");
        std::array<pollfd, 4> waits = {{{ready_.get(), POLLIN, 0},
                                        {words_.get(), POLLIN, 0},
                                        {pidfd_.get(), POLLIN, 0},
                                        {sys::interrupt_fd(), POLLIN, 0}}};
        if (::poll(waits.data(), waits.size(), static_cast<int>(left)) < 0 && errno != EINTR)
            throw sys::SysError{errno, "wait for", command_.path};
        sys::throw_if_interrupted();
        hear();
        std::array<char, 16> word;
        const ssize_t got = ::read(ready_.get(), word.data(), word.size());
        if (got > 0) is_ready_ = word[0] >= '0' && word[0] <= '9'; // its process id, or "1"
        if (got > 0 && !is_ready_) said_.append(word.data(), static_cast<std::size_t>(got));
        if (got == 0 || (!is_ready_ && has_ended())) fail("ended before it was ready");
    }
    ready_.reset();
    if (has_ended()) fail("has ended");
}

void Egress::hear() {
    std::array<char, 1024> buffer;
    for (;;) {
        const ssize_t got = ::read(words_.get(), buffer.data(), buffer.size());
        if (got <= 0) return;
        if (said_.size() < heard_at_most) said_.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

bool Egress::has_ended() const {
    struct pollfd look = {pidfd_.get(), POLLIN, 0};
    return ::poll(&look, 1, 0) > 0;
}

void Egress::fail(const char* what) {
    hear();
    throw sys::Error{fmt::format("network egress: {} {}{}{}", command_.argv.at(0), what,
                                 said_.empty() ? "" : ". It says:\n", sys::printable_text(said_))};
}

} // namespace disco::sandbox
