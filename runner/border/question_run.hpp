#pragma once

#include "runner/border/host_command.hpp"
#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::border {

/// A question to the machine that is being answered, by a process of its own. Nothing here waits but the
/// destructor, which ends it with all that it has started.
class QuestionRun {
public:
    static constexpr auto patience = std::chrono::seconds{10};
    static constexpr std::size_t most_output = std::size_t{1} << 20; ///< of output and of error each

    /// Throws SysError.
    explicit QuestionRun(const HostCommand& command);
    QuestionRun(const QuestionRun&) = delete;
    QuestionRun& operator=(const QuestionRun&) = delete;
    ~QuestionRun();

    /// To be polled for reading: its end, its output, its errors. The same ones as long as it lives.
    [[nodiscard]] std::vector<int> descriptors() const;
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const { return started_ + patience; }

    struct Answer {
        int exit = 0;
        std::string output, error;
    };
    /// Takes what is there. True when the answer is whole; also when there will be none: then `exit` is 124
    /// (too late) or 125 (too long), and `error` says so, by `words` for people.
    [[nodiscard]] bool advance(const std::string& words);
    [[nodiscard]] Answer take() { return std::move(answer_); }

private:
    [[nodiscard]] static bool drain(int fd, std::string& text);
    void end() noexcept;

    std::chrono::steady_clock::time_point started_;
    pid_t process_ = -1;
    sys::UniqueFd pidfd_, output_, error_;
    Answer answer_;
};

} // namespace disco::border
