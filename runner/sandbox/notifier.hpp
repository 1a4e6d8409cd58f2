#pragma once

#include "runner/sys/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace disco::sandbox {

/// What the policy says of a call that is to be reported.
struct CallAnswer {
    std::string name; ///< "mount"
    int error = 0;    ///< errno that the caller gets; 0: a pretended success
};
/// By AUDIT_ARCH_… and number.
using AnswerCall = std::function<CallAnswer(std::uint32_t audit_arch, std::uint32_t number)>;

/// A call that was answered in the kernel's place, as often as it was made.
struct AnsweredCall {
    std::string text; ///< see describe_call
    std::size_t count = 0;
};

/// The parent's end of a program's calls that are to be reported (seccomp_unotify(2)). It only reads and
/// answers: what a caller's memory holds is told, never decided by, and no call is ever let through.
class Notifier {
public:
    Notifier(sys::UniqueFd listener, AnswerCall answer);

    /// To be polled for POLLIN; POLLHUP says that no process of the program is left.
    [[nodiscard]] int fd() const noexcept { return listener_.get(); }

    /// Answers what is waiting, but not so much that a flood keeps the caller from other work. Does not
    /// block when the descriptor is ready. Throws SysError when the kernel refuses an answer for another
    /// reason than that the caller is gone.
    void serve();

    /// Distinct calls in the order in which they were first made. Beyond `most_texts` they are counted in one
    /// last entry.
    [[nodiscard]] std::vector<AnsweredCall> take();

    static constexpr std::size_t most_texts = 100;

private:
    bool serve_one();
    [[nodiscard]] bool ready() const;
    void note(std::string text);

    sys::UniqueFd listener_;
    AnswerCall answer_;
    std::vector<AnsweredCall> calls_;
    std::size_t further_ = 0;
};

} // namespace disco::sandbox
