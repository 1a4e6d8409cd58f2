#include "runner/sandbox/notifier.hpp"

#include "runner/sandbox/call_text.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

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

} // namespace

Notifier::Notifier(sys::UniqueFd listener, AnswerCall answer)
    : listener_{std::move(listener)}, answer_{std::move(answer)} {
    // One process waits for the other: on one processor they are faster. Older kernels do not know it.
    ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

void Notifier::serve() {
    constexpr int most_at_once = 64;
    for (int i = 0; i < most_at_once && ready(); ++i)
        if (!serve_one()) return;
}

bool Notifier::ready() const {
    struct pollfd wait = {listener_.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0 && (wait.revents & POLLIN) != 0;
}

/// False when there was nothing to answer after all.
bool Notifier::serve_one() {
    Roomy<seccomp_notif> request = {.room = {}}; // the kernel wants zeros
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
        if (errno == ENOENT || errno == EINTR) return false; // the caller was killed meanwhile
        throw sys::SysError{errno, "hear of a system call of the sandbox"};
    }
    const seccomp_data& data = request.known.data;
    const CallAnswer answer = answer_(data.arch, static_cast<std::uint32_t>(data.nr));
    CallMade call;
    call.name = answer.name;
    std::copy(std::begin(data.args), std::end(data.args), call.arguments.begin());
    call.narrow = is_narrow(data.arch);
    const auto caller = static_cast<pid_t>(request.known.pid);
    std::string text;
    if (calls_.size() < most_texts)
        text = describe_call(call, [&](std::uint64_t address, void* to, std::size_t size) -> std::size_t {
            // Page by page: a text may end right before memory that is not there.
            constexpr std::uint64_t page = 4096;
            std::size_t got = 0;
            while (got < size) {
                const std::uint64_t at = address + got;
                const auto part =
                    static_cast<std::size_t>(std::min<std::uint64_t>(size - got, page - at % page));
                const struct iovec local = {static_cast<char*>(to) + got, part};
                // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process
                const struct iovec remote = {reinterpret_cast<void*>(at), part};
                const ssize_t read = ::process_vm_readv(caller, &local, 1, &remote, 1, 0);
                if (read <= 0) break;
                got += static_cast<std::size_t>(read);
            }
            return got;
        });
    // Only now is it sure that the memory was the caller's: its number may be another process's by now.
    std::uint64_t id = request.known.id;
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) return true;
    Roomy<seccomp_notif_resp> response = {.room = {}};
    response.known.id = id;
    response.known.error = -answer.error;
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) != 0 && errno != ENOENT)
        throw sys::SysError{errno, "answer a system call of the sandbox"};
    note(std::move(text));
    return true;
}

void Notifier::note(std::string text) {
    const auto known = std::find_if(calls_.begin(), calls_.end(),
                                    [&](const AnsweredCall& call) { return call.text == text; });
    if (known != calls_.end())
        ++known->count;
    else if (calls_.size() < most_texts)
        calls_.push_back({std::move(text), 1});
    else
        ++further_;
}

std::vector<AnsweredCall> Notifier::take() {
    if (further_ != 0) calls_.push_back({"make further calls of these kinds", further_});
    further_ = 0;
    return std::exchange(calls_, {});
}

} // namespace disco::sandbox
