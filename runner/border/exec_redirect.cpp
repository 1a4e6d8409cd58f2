#include "runner/border/exec_redirect.hpp"

#include "runner/border/exec_registers.hpp"
#include "runner/sys/capability_set.hpp"
#include "runner/sys/notified_call.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

#include <fcntl.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::border {
namespace {

/// A seized thread. Whoever has seized must see it stop, or reap it: its parent would wait for ever for one
/// that dies unseen.
class SeizedTracee {
public:
    explicit SeizedTracee(pid_t thread) noexcept : thread_{thread} {}
    SeizedTracee(const SeizedTracee&) = delete;
    SeizedTracee& operator=(const SeizedTracee&) = delete;
    ~SeizedTracee() {
        if (!stopped_) interrupt();
        if (!stopped_ && !wait()) return;
        while (::ptrace(PTRACE_DETACH, thread_, nullptr, signal_) != 0)
            if (!wait()) return; // killed out of its stop, and reaped
    }
    /// It stops as soon as it does not wait in a call any more. ESRCH, which it does not report: it is dying.
    void interrupt() noexcept { ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr); }
    /// False when it has ended. Looks again and again: when another thread of its process executes a program,
    /// the kernel takes the traced leader away, and nobody is woken who waits for it (de_thread in
    /// fs/exec.c).
    bool wait() noexcept {
        int status = 0;
        pid_t got = 0;
        for (long pause_ns = 20'000; got == 0; pause_ns = std::min(pause_ns * 2, 5'000'000L)) {
            got = ::waitpid(thread_, &status, __WALL | WNOHANG);
            const timespec pause = {0, pause_ns};
            if (got == 0) ::nanosleep(&pause, nullptr);
        }
        stopped_ = got == thread_ && WIFSTOPPED(status);
        // A stop for the interrupt has an event; any other is for a signal that is still to be delivered.
        signal_ = stopped_ && status >> 16 == 0 ? WSTOPSIG(status) : 0;
        return stopped_;
    }

private:
    pid_t thread_;
    bool stopped_ = false;
    long signal_ = 0; ///< delivered when it is let go
};

} // namespace

int redirect_exec(int listener, const seccomp_notif& request, const policy::ExecCall& call, int program,
                  std::uint64_t empty, const std::function<void(int fd)>& before) {
    const auto thread = static_cast<pid_t>(request.pid);
    const auto fail = [&](int error) {
        // When a thread dies meanwhile, killed or by another thread's exec, ptrace(2) fails with EPERM, and
        // no descriptor can be added to it.
        if (!sys::is_waiting(listener, request.id)) return 0;
        (void)sys::answer_call(listener, request.id, error); // that it was interrupted is the same to us
        return error;
    };
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return fail(errno);
    SeizedTracee seized{thread};
    // While the call waits its thread cannot have ended, and so the number was no other's when it was seized.
    if (!sys::is_waiting(listener, request.id)) return 0;
    struct seccomp_notif_addfd added = {};
    added.id = request.id;
    added.srcfd = static_cast<__u32>(program);
    added.newfd_flags = O_CLOEXEC;
    const int fd = ::ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &added);
    if (fd < 0) return fail(errno);
    seized.interrupt(); // before the answer, or it would go on
    (void)sys::answer_call(listener, request.id, EAGAIN);
    if (!seized.wait()) return 0;
    before(fd);
    // Where that fails the thread is gone, or its call ends with EAGAIN.
    return repeat_exec_by_descriptor(thread, request.data, call, fd, empty) || errno == ESRCH ? 0 : EAGAIN;
}

bool redirection_possible() noexcept {
    // There is no such process: anything but ESRCH comes from the machine's own filter.
    constexpr pid_t nobody = std::numeric_limits<pid_t>::max();
    if (::ptrace(PTRACE_SEIZE, nobody, nullptr, nullptr) != 0 && errno != ESRCH) return false;
    const sys::UniqueFd yama{::open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC)};
    char scope = '0';
    if (yama && ::read(yama.get(), &scope, 1) == 1 && scope == '3') return false;
    const sys::CapabilitySet own{::cap_get_proc()};
    cap_flag_value_t may_trace = CAP_CLEAR;
    const bool known = own && ::cap_get_flag(own.get(), CAP_SYS_PTRACE, CAP_EFFECTIVE, &may_trace) == 0;
    return !known || may_trace == CAP_SET;
}

} // namespace disco::border
