#include "runner/sandbox/notifier.hpp"

#include "policy/exec_call.hpp"
#include "runner/sandbox/call_text.hpp"
#include "runner/sandbox/device_maker.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/notified_call.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace disco::sandbox {
namespace {

/// Kernels may write more than this program's headers know of (seccomp(2), SECCOMP_GET_NOTIF_SIZES).
union RoomyCall {
    seccomp_notif known;
    std::array<char, 512> room;
};

} // namespace

Notifier::Notifier(sys::UniqueFd listener, int root, DevicesBy devices, AnswerCall call, AnswerExec exec)
    : listener_{std::move(listener)},
      root_{::fcntl(root, F_DUPFD_CLOEXEC, 0)},
      devices_{devices},
      answer_call_{std::move(call)},
      answer_exec_{std::move(exec)} {
    if (!root_) throw sys::SysError{errno, "copy the descriptor of the sandbox's root"};
}

void Notifier::attend(short events) {
    if ((events & POLLIN) != 0)
        begin();
    else if (events != 0)
        listener_.reset();
}

void Notifier::begin() {
    if (unattended() < 0) return;
    stopped_ = sys::UniqueFd{::eventfd(0, EFD_CLOEXEC)};
    if (!stopped_) throw sys::SysError{errno, "make an event descriptor"};
    // One process waits for the other: on one processor they are faster. Older kernels do not know it.
    ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    try {
        thread_ = std::thread{[this] { serve(); }};
    } catch (const std::system_error& error) {
        throw sys::SysError{error.code().value(), "start a thread that hears the sandbox's calls"};
    }
}

Notifier::~Notifier() { stop(); }

void Notifier::stop() noexcept {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto ignored = ::write(stopped_.get(), &one, sizeof one); // cannot be full
    thread_.join();
}

std::vector<AnsweredCall> Notifier::take() {
    stop();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (further_ != 0) calls_.push_back({"make further calls of these kinds", further_});
    further_ = 0;
    return std::exchange(calls_, {});
}

void Notifier::serve() {
    try {
        for (;;) {
            std::array<pollfd, 2> waits = {{{listener_.get(), POLLIN, 0}, {stopped_.get(), POLLIN, 0}}};
            if (::poll(waits.data(), waits.size(), -1) < 0) {
                if (errno == EINTR) continue;
                throw sys::SysError{errno, "wait for system calls of the sandbox"};
            }
            if (waits[1].revents != 0) return; // first: a flood of calls must not outlive the run
            if ((waits[0].revents & POLLIN) != 0)
                serve_one();
            else if (waits[0].revents != 0)
                return; // nobody is left who could call
        }
    } catch (...) {
        failure_ = std::current_exception();
        listener_.reset(); // whoever calls gets ENOSYS instead of waiting for ever
    }
}

void Notifier::serve_one() {
    RoomyCall request = {.room = {}}; // the kernel wants zeros
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
        if (errno == ENOENT || errno == EINTR) return; // the caller was killed meanwhile
        throw sys::SysError{errno, "hear of a system call of the sandbox"};
    }
    if (!policy::exec_call(request.known.data)) return answer_call(request.known);
    std::string failed = answer_exec_(root_.get(), listener_.get(), request.known);
    if (!failed.empty()) note({std::move(failed), 1, true});
}

void Notifier::answer_call(const seccomp_notif& request) {
    const seccomp_data& data = request.data;
    const CallAnswer answer = answer_call_(data.arch, static_cast<std::uint32_t>(data.nr));
    if (answer.allowed)
        return reply(request,
                     devices_ == DevicesBy::parent
                         ? make_device(answer.name, root_.get(), stopped_.get(), listener_.get(), request)
                         : std::nullopt);
    CallMade call;
    call.name = answer.name;
    std::copy(std::begin(data.args), std::end(data.args), call.arguments.begin());
    call.narrow = is_narrow(data.arch);
    const auto caller = static_cast<pid_t>(request.pid);
    std::string text;
    if (calls_.size() < most_texts)
        text = describe_call(call, [&](std::uint64_t address, void* to, std::size_t size) {
            return sys::read_memory(caller, address, to, size);
        });
    // Only now is it sure that the memory was the caller's: its number may be another process's by now.
    if (!sys::is_waiting(listener_.get(), request.id)) return;
    reply(request, answer.error);
    note({std::move(text), 1});
}

/// `error`: nothing lets the call go on.
void Notifier::reply(const seccomp_notif& request, std::optional<int> error) {
    const bool answered = error ? sys::answer_call(listener_.get(), request.id, *error)
                                : sys::let_call_go_on(listener_.get(), request.id);
    if (!answered) throw sys::SysError{errno, "answer a system call of the sandbox"};
}

void Notifier::note(AnsweredCall call) {
    const auto known = std::find_if(calls_.begin(), calls_.end(),
                                    [&](const AnsweredCall& old) { return old.text == call.text; });
    if (known != calls_.end())
        ++known->count;
    else if (calls_.size() < most_texts)
        calls_.push_back(std::move(call));
    else
        ++further_;
}

} // namespace disco::sandbox
