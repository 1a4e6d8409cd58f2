#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace disco::sandbox {

/// Looks into a running sandbox from outside, cheaply enough to do it many times a second. Root is exempt
/// from RLIMIT_NPROC and a pids cgroup costs milliseconds to enter, so a look is what stops a fork bomb.
class Watch {
public:
    static constexpr std::size_t process_limit = 4096;

    /// `root`: the sandbox's root, borrowed. `scratch`: a directory on the file system of the layers.
    Watch(int root, std::filesystem::path scratch);

    [[nodiscard]] bool too_many_processes() const;
    /// Less than 64 MiB (on a small file system: 5 %) of space or 5 % of the inodes is left.
    [[nodiscard]] bool scratch_nearly_full() const;
    /// Of every process but PID 1, at most ten; unreadable ones by number.
    [[nodiscard]] std::vector<std::string> command_lines() const;

private:
    [[nodiscard]] std::vector<std::string> processes() const;
    int root_;
    std::filesystem::path scratch_;
};

} // namespace disco::sandbox
