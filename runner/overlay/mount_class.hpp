#pragma once

#include "runner/sys/mounts.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::overlay {

/// What the merged view makes of a mount at or below the live root.
enum class MountClass {
    managed,  ///< files that a dance may change: an overlay of its own
    runtime,  ///< the machine's own /run: an overlay, whose files are no changes; not of another root
    private_, ///< /tmp, /dev/shm, another root's /run: fresh and empty in the view, discarded
    kernel,   ///< the kernel's own trees: /proc, /sys and /dev are built anew, others are not shown
    readonly, ///< a directory tree mounted read-only: nothing can be merged there, so it is shown as it is
    foreign,  ///< overlayfs refuses its file system as a lower layer (/boot/efi): shown read-only
    closed,   ///< not even root can look at it: only the user who mounted it may, or its server is gone. And
              ///< a socket or FIFO that was bound over a file: not shown, as it leads out
    bound_file, ///< one file mounted over another: shown read-only
};

struct ClassifiedMount {
    MountClass kind = MountClass::managed;
    std::string inside;         ///< path in the merged view: "" for the live root itself, "/home"
    std::filesystem::path live; ///< path on the host
    std::string type{}; ///< of its file system: of a foreign mount, for messages; of an automount point
    /// True for a read-only mount that may have sockets and FIFOs of the machine on it, and that an overlay
    /// can show. A bind mount would show the very same objects, and whoever listens there would be reached.
    bool by_overlay = false;
    bool operator==(const ClassifiedMount&) const = default;
};

/// A file system in which a look-up has something mounted (autofs(5)).
inline constexpr std::string_view automount_type = "autofs";

/// A mount as it was found.
struct SeenMount {
    sys::Mount mount;
    bool directory = true; ///< else one file was bound over another
    bool closed = false;   ///< it refuses to be looked at, as a FUSE mount does that was not made for others
    bool meeting_point = false; ///< a socket or FIFO, bound over a file
};

/// Whether overlayfs refuses a mount, that would be managed, as a lower layer.
using LowerTrial = std::function<bool(const sys::Mount&)>;

/// Every visible mount below `root` (an absolute path without symlinks), parents before children; the first
/// row is the root itself, managed or foreign, whether or not it is a mount point. What lies below a runtime,
/// private, kernel or closed mount is left out. Pure, if `refuses` is; it is asked only about mounts whose
/// type does not decide it.
[[nodiscard]] std::vector<ClassifiedMount> classify_mounts(const std::vector<SeenMount>& mounts,
                                                           const std::filesystem::path& root,
                                                           const LowerTrial& refuses);

/// The same from this process's mount table, with trials by the kernel. `scratch`: the directory where the
/// layers are going to be.
[[nodiscard]] std::vector<ClassifiedMount> classify_host_mounts(const std::filesystem::path& root,
                                                                const std::filesystem::path& scratch);

} // namespace disco::overlay
