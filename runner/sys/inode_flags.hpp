#pragma once

#include <filesystem>
#include <string>

// What chattr(1) sets and lsattr(1) shows. Only regular files and directories have such flags, and not on all
// file systems: where there are none, they read as 0.
namespace disco::sys {

/// The flags that a user may set or clear at any time, as bits of FS_IOC_GETFLAGS. Not among them: immutable
/// and append-only, which are a lock rather than a property, and what the file system decides by itself.
extern const unsigned settable_flags;
/// Those of them that overlayfs gives to the copy when it copies an object up.
extern const unsigned copied_up_flags;

/// The settable ones of an open file or directory.
[[nodiscard]] unsigned read_inode_flags(int fd) noexcept;
/// The same by directory and name; 0 for other objects. Throws SysError when it cannot be opened.
[[nodiscard]] unsigned read_inode_flags_at(int directory, const std::filesystem::path& name);

/// Makes the settable flags exactly `wanted`. A file system that knows some of them only keeps those, and
/// false is returned when it refuses.
bool set_inode_flags(int fd, unsigned wanted) noexcept;
bool set_inode_flags_at(int directory, const std::filesystem::path& name, unsigned wanted);

/// The letters of lsattr(1), "dA"; empty when there are none.
[[nodiscard]] std::string inode_flags_text(unsigned flags);

} // namespace disco::sys
