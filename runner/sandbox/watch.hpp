#pragma once

#include "runner/sys/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace disco::sandbox {

/// Looks into a running sandbox from outside, cheaply enough to do it many times a second, and kills it when
/// it goes out of bounds. Root is exempt from RLIMIT_NPROC and a pids cgroup costs milliseconds to enter, so
/// a look is what stops a fork bomb.
class Watch {
public:
    static constexpr std::size_t task_limit = 4096; ///< processes and threads together
    /// The sandbox's kernel.pid_max: an eighth more. A fork bomb that the kernel stops there is still seen
    /// for one; how far it gets depends on no thread's turn.
    static constexpr std::size_t pid_max = task_limit + task_limit / 8;
    static constexpr auto interval = std::chrono::milliseconds{20};

    /// `root`: the sandbox's root, borrowed. `init`: its PID 1, which is not reaped while this lives.
    /// `scratch`: a directory on the file system of the layers.
    Watch(int root, pid_t init, std::filesystem::path scratch);

    enum class Verdict {
        fine,
        too_many_tasks,
        scratch_nearly_full ///< less than 64 MiB (on a small file system: 5 %) or 5 % of the inodes is left
    };

    /// From now on until `end`, in a thread that goes before all others (SCHED_FIFO, sched(7); without
    /// CAP_SYS_NICE in its turn): among the processes of a fork bomb this program gets to run after seconds,
    /// in which they become many times more. Once. Throws SysError.
    void begin();
    [[nodiscard]] bool has_begun() const noexcept { return thread_.joinable(); }
    /// What the sandbox has been killed for. Throws what kept it from looking, for which it was killed, too.
    [[nodiscard]] Verdict end();

    /// The command lines of processes in the sandbox, at most ten; "process N" for one that cannot be read.
    [[nodiscard]] std::vector<std::string> command_lines(const std::set<pid_t>& processes) const;

private:
    void look_until(const std::stop_token& ended);
    [[nodiscard]] Verdict look() const;
    [[nodiscard]] std::size_t tasks_of_the_machine() const;
    [[nodiscard]] std::size_t tasks() const;
    [[nodiscard]] bool too_many_tasks() const;
    [[nodiscard]] bool scratch_nearly_full() const;
    [[nodiscard]] sys::UniqueFd open_proc() const;
    /// The numbers of all but PID 1. `proc`: from open_proc.
    [[nodiscard]] static std::vector<std::string> processes(int proc);
    int root_;
    pid_t init_;
    std::filesystem::path scratch_;
    sys::UniqueFd load_; ///< /proc/loadavg
    std::atomic<Verdict> verdict_ = Verdict::fine;
    std::exception_ptr failure_; ///< the thread's, until it is joined
    std::jthread thread_;        ///< the last one: it uses the others
};

} // namespace disco::sandbox
