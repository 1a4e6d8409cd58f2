#pragma once

#include "runner/sys/unique_fd.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

// Files by path and by directory descriptor. Everything throws SysError unless it says otherwise, and every
// descriptor is close-on-exec.
namespace disco::sys {

/// openat2(2) below `directory`; no symlink is followed anywhere and `..` cannot leave. `relative` may be
/// ".".
[[nodiscard]] UniqueFd open_beneath(int directory, const std::filesystem::path& relative, int flags,
                                    mode_t mode = 0);

/// The same, and no mount is crossed (EXDEV).
[[nodiscard]] UniqueFd open_on_mount(int directory, const std::filesystem::path& relative, int flags);

/// openat2(2) with `root` as the root directory: symlinks are followed, absolute ones start at `root`.
[[nodiscard]] UniqueFd open_in_root(int root, const std::filesystem::path& path, int flags, mode_t mode = 0);

/// As above, but an empty owner instead of an exception when the file (or a directory on the way) is absent.
[[nodiscard]] UniqueFd try_open_beneath(int directory, const std::filesystem::path& relative, int flags);
[[nodiscard]] UniqueFd try_open_in_root(int root, const std::filesystem::path& path, int flags);

/// For files that somebody else chooses, to be read: an empty owner also when it is no regular file. Nothing
/// else is opened: to open a FIFO may wait, a terminal may become one's own, and a device may act.
[[nodiscard]] UniqueFd try_open_regular_in_root(int root, const std::filesystem::path& path);
/// The file that an O_PATH descriptor is of. Throws SysError.
[[nodiscard]] UniqueFd reopen_regular(int file, const std::filesystem::path& name_for_messages);

[[nodiscard]] UniqueFd open_directory(const std::filesystem::path& path);

/// A directory at a path without symlinks (ELOOP); an empty owner when it is absent.
[[nodiscard]] UniqueFd try_open_real_directory(const std::filesystem::path& path);

/// lstat(2); nothing when the name (or a directory on the way) does not exist.
[[nodiscard]] std::optional<struct stat> stat_at(int directory, const std::filesystem::path& name);
[[nodiscard]] std::optional<struct stat> stat_path(const std::filesystem::path& path);
/// Whether a directory is one of an overlayfs.
[[nodiscard]] bool is_on_overlay(int directory);
/// Whether something is mounted on a name. The number of its device does not show it: an overlayfs gives its
/// files those of other file systems, and a btrfs has one for each subvolume. False when there is no such
/// name.
[[nodiscard]] bool is_mount_point_at(int directory, const std::filesystem::path& name);

/// One that is no symlink.
[[nodiscard]] bool is_directory(const std::filesystem::path& path);

[[nodiscard]] std::string read_link_at(int directory, const std::filesystem::path& name);

/// The whole of a file; throws Error when it holds more than `limit` bytes.
[[nodiscard]] std::string read_all(int fd, const std::filesystem::path& name_for_messages,
                                   std::size_t limit = std::size_t{1} << 30);
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
[[nodiscard]] std::optional<std::string> read_file_if_exists(const std::filesystem::path& path);

void write_all(int fd, std::string_view bytes, const std::filesystem::path& name_for_messages);

/// Writes a file, made with `mode` if missing, emptied first otherwise.
void write_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

/// Writes aside in the same directory, fsyncs, renames over `path`: readers see the old or the new content.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

/// fsync(2) of a directory: its entries are on disk afterwards.
void sync_directory(const std::filesystem::path& directory);

/// The text of a file that holds one line, without the newline; empty when there is no such file.
[[nodiscard]] std::string read_line_if_exists(const std::filesystem::path& path);

struct DirectoryEntry {
    std::string name;
    unsigned char type; ///< DT_… of dirent; DT_UNKNOWN is resolved
};

/// What a directory holds but "." and "..", sorted bytewise. `directory` is an fd open for reading. With
/// `is_end`: only what the file system lists before the first name that is one.
[[nodiscard]] std::vector<DirectoryEntry>
list_directory(int directory, const std::filesystem::path& name_for_messages,
               const std::function<bool(std::string_view name)>& is_end = {});

/// mkdir -p; directories that are made get `mode` (the umask is not applied to the last one).
void make_directories(const std::filesystem::path& path, mode_t mode);

/// Asks ext4 to spread what is made in a directory over its block groups (chattr(1), attribute T). A hint: on
/// other file systems, and where it cannot be given, nothing happens.
void hint_spread_subdirectories(const std::filesystem::path& directory);

/// rm -rf of one name, by descriptors, following no symlink and leaving no mount. Absent is fine.
void remove_tree_at(int directory, const std::filesystem::path& name);
void remove_tree(const std::filesystem::path& path);

/// Removes all that a directory holds, as remove_tree_at() does; it stays itself. `directory` is an fd open
/// for reading.
void empty_directory(int directory, const std::filesystem::path& name_for_messages);

/// A directory that is removed with all it holds when its owner ends (warns, does not throw, if that fails).
class OwnedDirectory {
public:
    OwnedDirectory() = default;
    /// Makes `parent`/`prefix`XXXXXX with mode 0700.
    OwnedDirectory(const std::filesystem::path& parent, std::string_view prefix);
    OwnedDirectory(OwnedDirectory&& other) noexcept : path_{std::exchange(other.path_, {})} {}
    OwnedDirectory& operator=(OwnedDirectory&& other) noexcept;
    ~OwnedDirectory() { discard(); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    void discard() noexcept;
    /// Gives up ownership: the directory stays.
    std::filesystem::path keep() noexcept { return std::exchange(path_, {}); }

private:
    std::filesystem::path path_;
};

} // namespace disco::sys
