#pragma once

#include "runner/sys/metadata.hpp"
#include "runner/sys/sha256.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include <sys/stat.h>
#include <sys/types.h>

namespace disco::model {

enum class ObjectType { file, directory, symlink, fifo, socket, block_device, character_device };

/// The word for reports: "file", "directory", …
[[nodiscard]] const char* to_string(ObjectType type);
[[nodiscard]] ObjectType object_type(mode_t mode);

/// One object of a file system, with all that makes it equal to or different from another.
struct ObjectState {
    ObjectType type = ObjectType::file;
    mode_t mode = 0; ///< permission and set-id bits only (07777)
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint64_t size = 0; ///< bytes; 0 for everything but files
    timespec mtime = {};
    dev_t rdev = 0;                          ///< of devices
    std::optional<sys::Sha256Digest> sha256; ///< of files that were read
    std::string target;                      ///< of symlinks
    sys::Xattrs xattrs;                      ///< with ACLs and capabilities, without overlay bookkeeping
    unsigned flags = 0;    ///< of chattr(1), of files and directories; see sys/inode_flags.hpp
    std::string linked_to; ///< path of another name of the same file, where that is what has changed
};

/// From stat(2) alone: without sha256, target and xattrs.
[[nodiscard]] ObjectState object_state(const struct stat& status);

/// Equal in owner, mode (symlinks have none), xattrs, flags and links; times do not count.
[[nodiscard]] bool same_metadata(const ObjectState& a, const ObjectState& b);
/// Equal in type and in what it holds: bytes (by sha256 and size), target, device number. Directories are
/// equal.
[[nodiscard]] bool same_content(const ObjectState& a, const ObjectState& b);

/// What tells that a live object is still the one that was looked at.
struct Stamp {
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    timespec mtime = {};
    timespec ctime = {};
    mode_t mode = 0; ///< with the type
    uid_t uid = 0;
    gid_t gid = 0;
};
[[nodiscard]] Stamp stamp(const struct stat& status);
[[nodiscard]] Stamp stamp(const struct statx& status); ///< of STATX_BASIC_STATS
[[nodiscard]] bool operator==(const Stamp& a, const Stamp& b);

} // namespace disco::model
