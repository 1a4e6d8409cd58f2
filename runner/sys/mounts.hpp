#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace disco::sys {

/// One line of /proc/self/mountinfo (proc(5)), escapes undone.
struct Mount {
    int id = 0;
    int parent = 0;
    std::filesystem::path root;  ///< the directory of the file system that forms the root of this mount
    std::filesystem::path point; ///< where it is mounted
    std::string options;         ///< per-mount options
    std::string type;            ///< file system type
    std::string source;
    std::string super_options{}; ///< of the file system, for all its mounts
    bool operator==(const Mount&) const = default;
};

/// Throws Error on a line it cannot read.
[[nodiscard]] std::vector<Mount> parse_mountinfo(std::string_view text);

/// The mounts of this process's namespace, in the kernel's order (a later one at the same point hides earlier
/// ones).
[[nodiscard]] std::vector<Mount> read_mounts();

} // namespace disco::sys
