#pragma once

#include "runner/sys/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <linux/seccomp.h>

namespace disco::sandbox {

/// What the policy says of a call that is to be reported.
struct CallAnswer {
    std::string name;     ///< "mount"
    int error = 0;        ///< errno that the caller gets; 0: a pretended success
    bool allowed = false; ///< it is heard for its arguments only, and nothing is reported
};
/// By AUDIT_ARCH_… and number.
using AnswerCall = std::function<CallAnswer(std::uint32_t audit_arch, std::uint32_t number)>;

/// Answers an exec on the listener, in the thread that hears it. `root`: of the sandbox (O_PATH). Returns
/// what could not be done, to follow "could not"; empty when there is nothing to report.
using AnswerExec = std::function<std::string(int root, int listener, const seccomp_notif& call)>;

/// A call that was answered in the kernel's place, as often as it was made.
struct AnsweredCall {
    std::string text; ///< see describe_call
    std::size_t count = 0;
    bool failed = false; ///< the text follows "could not": the caller was to get something else than an error
    bool operator==(const AnsweredCall&) const = default;
};

/// Who makes the devices that a program asks for: the kernel, which does it for the initial user namespace
/// only, or this process.
enum class DevicesBy { kernel, parent };

/// The parent's end of one program's calls that are heard (seccomp_unotify(2)), in a thread of its own: every
/// exec waits for it, and ptrace(2) binds a tracee to the thread that seized it. The thread begins with the
/// first call, as many programs make none. The only calls that are ever let through are exec, by `exec`, and
/// what mknod(2) makes other than devices (`make_device`); of the others, what a caller's memory holds is
/// reported, never decided by.
class Notifier {
public:
    /// `root`: of the sandbox; it takes a copy, as the sandbox may be closed while it still hears. `call` and
    /// `exec` are called in the thread. Throws SysError.
    Notifier(sys::UniqueFd listener, int root, DevicesBy devices, AnswerCall call, AnswerExec exec);
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;
    /// Stops hearing: an exec then fails with ENOSYS.
    ~Notifier();

    /// What the owner waits for until the thread has begun; afterwards, or when nobody is left who could
    /// call, -1.
    [[nodiscard]] int unattended() const noexcept { return thread_.joinable() ? -1 : listener_.get(); }
    /// There is an event on that: revents of poll(2). Throws SysError.
    void attend(short events);
    /// Begins the thread, also when nobody has called yet: the owner is going to do something else. Throws
    /// SysError.
    void begin();

    /// Ends the hearing, when the program's processes have gone. Distinct calls in the order in which they
    /// were first made; beyond `most_texts` they are counted in one last entry. Throws what kept the thread
    /// from answering.
    [[nodiscard]] std::vector<AnsweredCall> take();

    static constexpr std::size_t most_texts = 100;

private:
    void serve();
    void serve_one();
    void answer_call(const seccomp_notif& request);
    void reply(const seccomp_notif& request, std::optional<int> error);
    void note(AnsweredCall call);
    void stop() noexcept;

    sys::UniqueFd listener_, stopped_, root_;
    DevicesBy devices_;
    AnswerCall answer_call_;
    AnswerExec answer_exec_;
    std::vector<AnsweredCall> calls_; ///< the thread's until it is joined, and so are the next two
    std::size_t further_ = 0;
    std::exception_ptr failure_;
    std::thread thread_; ///< the last one: it uses the others
};

} // namespace disco::sandbox
