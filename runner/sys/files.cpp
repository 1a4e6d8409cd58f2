#include "runner/sys/files.hpp"

#include "runner/sys/atomic_file.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::sys {
namespace {

/// openat2(2) has no wrapper in glibc 2.36. EAGAIN: a rename raced with a ".." walk; the kernel asks to
/// retry.
int openat2_retrying(int directory, const char* path, int flags, mode_t mode, std::uint64_t resolve) {
    struct open_how how = {};
    how.flags = static_cast<std::uint64_t>(static_cast<unsigned>(flags) | O_CLOEXEC);
    how.mode = mode;
    how.resolve = resolve;
    long fd = -1;
    for (int attempt = 0; attempt < 64; ++attempt) {
        fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return static_cast<int>(fd);
}

constexpr std::uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr std::uint64_t in_root = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

bool means_absent(int code) { return code == ENOENT || code == ENOTDIR; }

unsigned char type_of(mode_t mode) { return static_cast<unsigned char>((mode & S_IFMT) >> 12); }

} // namespace

UniqueFd open_beneath(int directory, const std::filesystem::path& relative, int flags, mode_t mode) {
    UniqueFd fd{openat2_retrying(directory, relative.c_str(), flags, mode, beneath)};
    if (!fd) throw SysError{errno, "open", relative};
    return fd;
}

UniqueFd open_on_mount(int directory, const std::filesystem::path& relative, int flags) {
    UniqueFd fd{openat2_retrying(directory, relative.c_str(), flags, 0, beneath | RESOLVE_NO_XDEV)};
    if (!fd) throw SysError{errno, "open", relative};
    return fd;
}

UniqueFd open_in_root(int root, const std::filesystem::path& path, int flags, mode_t mode) {
    UniqueFd fd{openat2_retrying(root, path.c_str(), flags, mode, in_root)};
    if (!fd) throw SysError{errno, "open", path};
    return fd;
}

UniqueFd try_open_beneath(int directory, const std::filesystem::path& relative, int flags) {
    UniqueFd fd{openat2_retrying(directory, relative.c_str(), flags, 0, beneath)};
    if (!fd && !means_absent(errno)) throw SysError{errno, "open", relative};
    return fd;
}

UniqueFd try_open_in_root(int root, const std::filesystem::path& path, int flags) {
    UniqueFd fd{openat2_retrying(root, path.c_str(), flags, 0, in_root)};
    if (!fd && !means_absent(errno)) throw SysError{errno, "open", path};
    return fd;
}

UniqueFd reopen_regular(int file, const std::filesystem::path& name_for_messages) {
    struct stat status = {};
    check(::fstat(file, &status), "look at", name_for_messages);
    if (!S_ISREG(status.st_mode)) throw SysError{EINVAL, "open as a regular file", name_for_messages};
    const std::string path = fmt::format("/proc/self/fd/{}", file);
    return UniqueFd{
        check(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), "open", name_for_messages)};
}

UniqueFd try_open_regular_in_root(int root, const std::filesystem::path& path) {
    const UniqueFd file = try_open_in_root(root, path, O_PATH);
    struct stat status = {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    return reopen_regular(file.get(), path);
}

UniqueFd open_directory(const std::filesystem::path& path) {
    UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) throw SysError{errno, "open directory", path};
    return fd;
}

UniqueFd try_open_real_directory(const std::filesystem::path& path) {
    UniqueFd fd{openat2_retrying(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0,
                                 RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)};
    if (!fd && !means_absent(errno)) throw SysError{errno, "open directory", path};
    return fd;
}

std::optional<struct stat> stat_at(int directory, const std::filesystem::path& name) {
    struct stat status = {};
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0)
        return status;
    if (means_absent(errno)) return std::nullopt;
    throw SysError{errno, "stat", name};
}

std::optional<struct stat> stat_path(const std::filesystem::path& path) { return stat_at(AT_FDCWD, path); }

bool is_on_overlay(int directory) {
    struct statfs status = {};
    check(::fstatfs(directory, &status), "look at the file system of", "a directory");
    return status.f_type == OVERLAYFS_SUPER_MAGIC;
}

bool is_mount_point_at(int directory, const std::filesystem::path& name) {
    struct statx status = {};
    if (::statx(directory, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &status) == 0)
        return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    if (means_absent(errno)) return false;
    throw SysError{errno, "look at", name};
}

bool is_directory(const std::filesystem::path& path) {
    const auto status = stat_path(path);
    return status && S_ISDIR(status->st_mode);
}

std::string read_link_at(int directory, const std::filesystem::path& name) {
    char buffer[PATH_MAX];
    const ssize_t length =
        check(::readlinkat(directory, name.c_str(), buffer, sizeof buffer), "read link", name);
    return {buffer, static_cast<std::size_t>(length)};
}

std::string read_all(int fd, const std::filesystem::path& name_for_messages, std::size_t limit) {
    std::string bytes;
    struct stat status = {};
    std::size_t step = 4096;
    if (::fstat(fd, &status) == 0 && status.st_size > 0)
        step = std::min(static_cast<std::size_t>(status.st_size) + 1, limit + 1);
    for (;;) {
        const std::size_t had = bytes.size();
        bytes.resize(had + step);
        const ssize_t got = TEMP_FAILURE_RETRY(::read(fd, bytes.data() + had, step));
        bytes.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got < 0) throw SysError{errno, "read", name_for_messages};
        if (got == 0) return bytes;
        if (bytes.size() > limit)
            throw Error{fmt::format("'{}' holds more than {} bytes", name_for_messages.string(), limit)};
        step = std::max<std::size_t>(4096, bytes.size() / 2);
    }
}

std::string read_file(const std::filesystem::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) throw SysError{errno, "open", path};
    return read_all(fd.get(), path);
}

std::optional<std::string> read_file_if_exists(const std::filesystem::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (fd) return read_all(fd.get(), path);
    if (means_absent(errno)) return std::nullopt;
    throw SysError{errno, "open", path};
}

void write_all(int fd, std::string_view bytes, const std::filesystem::path& name_for_messages) {
    while (!bytes.empty()) {
        const ssize_t wrote = TEMP_FAILURE_RETRY(::write(fd, bytes.data(), bytes.size()));
        if (wrote < 0) throw SysError{errno, "write", name_for_messages};
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

void write_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
    if (!file) throw SysError{errno, "write", path};
    write_all(file.get(), bytes, path);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    AtomicFile file{path, mode};
    file.write(bytes);
    file.sync();
    file.commit();
}

void sync_directory(const std::filesystem::path& directory) {
    const UniqueFd fd = open_directory(directory);
    check(::fsync(fd.get()), "sync", directory);
}

std::string read_line_if_exists(const std::filesystem::path& path) {
    std::string text = read_file_if_exists(path).value_or("");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::vector<DirectoryEntry> list_directory(int directory, const std::filesystem::path& name_for_messages,
                                           const std::function<bool(std::string_view)>& is_end) {
    // Not readdir(3): fdopendir takes the descriptor over, so it would need one of its own each time.
    UniqueFd own;
    int from = directory;
    if (::lseek(from, 0, SEEK_SET) < 0) {
        if (errno != EBADF) throw SysError{errno, "read directory", name_for_messages};
        own = UniqueFd{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)}; // it was O_PATH
        if (!own) throw SysError{errno, "open directory", name_for_messages};
        from = own.get();
    }
    std::vector<DirectoryEntry> entries;
    alignas(dirent64) std::array<char, 16384> buffer; // NOLINT(*-member-init): the kernel fills it
    // What lies behind the end is not to be looked up in vain.
    const std::size_t at_once = is_end ? buffer.size() / 8 : buffer.size();
    for (bool ended = false; !ended;) {
        const ssize_t got = ::getdents64(from, buffer.data(), at_once);
        if (got < 0) throw SysError{errno, "read directory", name_for_messages};
        if (got == 0) break;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            at += entry->d_reclen;
            const std::string_view name{entry->d_name};
            if (name == "." || name == "..") continue;
            ended = is_end && is_end(name);
            if (ended) break;
            unsigned char type = entry->d_type;
            if (type == DT_UNKNOWN)
                if (const auto status = stat_at(directory, entry->d_name)) type = type_of(status->st_mode);
            entries.push_back({std::string{name}, type});
        }
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
}

void make_directories(const std::filesystem::path& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0) {
        check(::chmod(path.c_str(), mode), "set the mode of", path);
        return;
    }
    int code = errno;
    if (code == ENOENT && path.has_parent_path() && path.parent_path() != path) {
        make_directories(path.parent_path(), mode);
        // Once: a file system that takes no directories, such as proc, says ENOENT for ever.
        if (::mkdir(path.c_str(), mode) == 0) {
            check(::chmod(path.c_str(), mode), "set the mode of", path);
            return;
        }
        code = errno;
    }
    struct stat status = {};
    if (code == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
    throw SysError{code, "make directory", path};
}

void hint_spread_subdirectories(const std::filesystem::path& directory) {
    const UniqueFd fd = open_directory(directory);
    int flags = 0; // FS_IOC_GETFLAGS is declared with long, and takes an int (ioctl_iflags(2))
    if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_TOPDIR_FL) != 0) return;
    flags |= FS_TOPDIR_FL;
    if (::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) != 0)
        spdlog::debug("cannot set attribute T of '{}': {}", directory.string(), errno_text(errno));
}

namespace {

/// By no symlink, and into no other mount. Nothing when it has gone meanwhile.
UniqueFd open_to_empty(int directory, const std::string& name, const std::filesystem::path& shown) {
    UniqueFd inside{openat2_retrying(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                                     RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)};
    if (!inside && errno != ENOENT) throw SysError{errno, "open directory", shown};
    return inside;
}

void remove_emptied(int directory, const std::string& name, const std::filesystem::path& shown) {
    if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
        throw SysError{errno, "remove directory", shown};
}

/// Removes what is in a directory. A tree may be deeper than a process may have descriptors: what lies deep
/// is moved up first, which is one call, and removed in another round.
class DirectoryEmptier {
public:
    DirectoryEmptier(int directory, const std::filesystem::path& name) : top_{directory} {
        constexpr int most = 2'000; // rounds, of `deepest` levels each
        for (int round = 0; round < most; ++round) {
            const std::size_t moved_before = moved_;
            empty(directory, name, 0);
            if (moved_ == moved_before) return;
        }
        throw Error{
            fmt::format("'{}' cannot be emptied: somebody goes on making directories in it", name.string())};
    }

private:
    static constexpr int deepest = 64;
    static constexpr int most_without_moving = 4096; ///< of what cannot be moved up, such as in a subvolume

    void empty(int directory, const std::filesystem::path& name, int depth) {
        for (const DirectoryEntry& entry : list_directory(directory, name)) {
            const bool is_directory = entry.type == DT_DIR;
            if (::unlinkat(directory, entry.name.c_str(), is_directory ? AT_REMOVEDIR : 0) == 0) continue;
            if (errno == ENOENT) continue;
            const std::filesystem::path shown = name / entry.name;
            if (errno != ENOTEMPTY && errno != EEXIST && errno != EISDIR)
                throw SysError{errno, "remove", shown};
            if (depth >= deepest && move_up(directory, entry.name)) continue;
            const UniqueFd inside = open_to_empty(directory, entry.name, shown);
            if (depth > most_without_moving)
                throw Error{fmt::format("'{}' is too deep to be removed", name.string().substr(0, 300))};
            if (inside) empty(inside.get(), shown, depth + 1);
            remove_emptied(directory, entry.name, shown);
        }
    }

    /// False: not here, such as out of a subvolume.
    bool move_up(int directory, const std::string& entry) {
        for (;;) {
            const std::string aside = fmt::format("deep-{}", ++moved_);
            if (::renameat2(directory, entry.c_str(), top_, aside.c_str(), RENAME_NOREPLACE) == 0)
                return true;
            if (errno != EEXIST) return false;
        }
    }

    int top_;
    std::size_t moved_ = 0; ///< how many names were given, or tried
};

} // namespace

void remove_tree_at(int directory, const std::filesystem::path& name) {
    if (::unlinkat(directory, name.c_str(), 0) == 0 || means_absent(errno)) return;
    if (errno != EISDIR && errno != EPERM) throw SysError{errno, "remove", name};
    const UniqueFd inside = open_to_empty(directory, name, name);
    if (inside) DirectoryEmptier{inside.get(), name};
    remove_emptied(directory, name, name);
}

void empty_directory(int directory, const std::filesystem::path& name_for_messages) {
    DirectoryEmptier{directory, name_for_messages};
}

void remove_tree(const std::filesystem::path& path) {
    // The way to it may lead over mounts, unlike the way into it.
    const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    const UniqueFd parent{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (parent) return remove_tree_at(parent.get(), path.filename());
    if (!means_absent(errno)) throw SysError{errno, "open directory", directory};
}

OwnedDirectory::OwnedDirectory(const std::filesystem::path& parent, std::string_view prefix) {
    std::string name = (parent / prefix).string() + "XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw SysError{errno, "make a directory in", parent};
    path_ = name;
}

OwnedDirectory& OwnedDirectory::operator=(OwnedDirectory&& other) noexcept {
    if (this != &other) {
        discard();
        path_ = std::exchange(other.path_, {});
    }
    return *this;
}

void OwnedDirectory::discard() noexcept {
    if (path_.empty()) return;
    try {
        remove_tree(path_);
    } catch (const Error& error) {
        spdlog::warn("cannot remove '{}', leaving it: {}", path_.string(), error.full_text());
    }
    path_.clear();
}

} // namespace disco::sys
