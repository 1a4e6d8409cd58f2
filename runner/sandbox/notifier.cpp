#include "runner/sandbox/notifier.hpp"

#include "policy/exec_call.hpp"
#include "runner/sandbox/call_text.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fmt/format.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace disco::sandbox {
namespace {

/// Kernels may write more than this program's headers know of (seccomp(2), SECCOMP_GET_NOTIF_SIZES).
template <class Known> union Roomy {
    Known known;
    std::array<char, 512> room;
};

/// Page by page: a text may end right before memory that is not there.
std::size_t read_memory(pid_t caller, std::uint64_t address, void* to, std::size_t size) {
    constexpr std::uint64_t page = 4096;
    std::size_t got = 0;
    while (got < size) {
        const std::uint64_t at = address + got;
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(size - got, page - at % page));
        const struct iovec local = {static_cast<char*>(to) + got, part};
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process
        const struct iovec remote = {reinterpret_cast<void*>(at), part};
        const ssize_t read = ::process_vm_readv(caller, &local, 1, &remote, 1, 0);
        if (read <= 0) break;
        got += static_cast<std::size_t>(read);
    }
    return got;
}

} // namespace

Notifier::Notifier(sys::UniqueFd listener, int root, AnswerCall call, AnswerExec exec)
    : listener_{std::move(listener)},
      stopped_{::eventfd(0, EFD_CLOEXEC)},
      root_{root},
      answer_call_{std::move(call)},
      answer_exec_{std::move(exec)} {
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
    Roomy<seccomp_notif> request = {.room = {}}; // the kernel wants zeros
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
        if (errno == ENOENT || errno == EINTR) return; // the caller was killed meanwhile
        throw sys::SysError{errno, "hear of a system call of the sandbox"};
    }
    if (!policy::exec_call(request.known.data)) return answer_call(request.known);
    std::string failed = answer_exec_(root_, listener_.get(), request.known);
    if (!failed.empty()) note({std::move(failed), 1, true});
}

void Notifier::answer_call(const seccomp_notif& request) {
    const seccomp_data& data = request.data;
    const CallAnswer answer = answer_call_(data.arch, static_cast<std::uint32_t>(data.nr));
    CallMade call;
    call.name = answer.name;
    std::copy(std::begin(data.args), std::end(data.args), call.arguments.begin());
    call.narrow = is_narrow(data.arch);
    const auto caller = static_cast<pid_t>(request.pid);
    std::string text;
    if (calls_.size() < most_texts)
        text = describe_call(call, [&](std::uint64_t address, void* to, std::size_t size) {
            return read_memory(caller, address, to, size);
        });
    // Only now is it sure that the memory was the caller's: its number may be another process's by now.
    std::uint64_t id = request.id;
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) return;
    Roomy<seccomp_notif_resp> response = {.room = {}};
    response.known.id = id;
    response.known.error = -answer.error;
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) != 0 && errno != ENOENT)
        throw sys::SysError{errno, "answer a system call of the sandbox"};
    note({std::move(text), 1});
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
