#pragma once

#include "runner/sys/mounts.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::overlay {

/// What the merged view makes of a mount at or below the live root.
enum class MountClass {
    managed,    ///< files that a dance may change: an overlay of its own
    private_,   ///< /tmp, /run, /dev/shm: fresh and empty in the view, discarded
    kernel,     ///< the kernel's own trees: /proc, /sys and /dev are built anew, others are not shown
    readonly,   ///< a directory tree mounted read-only: nothing can be merged there, so it is shown as it is
    bound_file, ///< one file mounted over another: shown read-only
};

struct ClassifiedMount {
    MountClass kind = MountClass::managed;
    std::string inside;         ///< path in the merged view: "" for the live root itself, "/home"
    std::filesystem::path live; ///< path on the host
    bool operator==(const ClassifiedMount&) const = default;
};

/// A mount, and whether its mount point is a directory (else one file was bound over another).
struct SeenMount {
    sys::Mount mount;
    bool directory = true;
};

/// Every visible mount below `root` (an absolute path without symlinks), parents before children; the first
/// row is the root itself, managed, whether or not it is a mount point. What lies below a private or kernel
/// mount is left out. Pure.
[[nodiscard]] std::vector<ClassifiedMount> classify_mounts(const std::vector<SeenMount>& mounts,
                                                           const std::filesystem::path& root);

/// The same from this process's mount table.
[[nodiscard]] std::vector<ClassifiedMount> classify_host_mounts(const std::filesystem::path& root);

} // namespace disco::overlay
