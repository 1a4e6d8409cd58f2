#include "runner/merge/directory_cache.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <linux/stat.h>

namespace disco::merge {
namespace {

dev_t device_of(int directory) {
    struct stat status = {};
    sys::check(::fstat(directory, &status), "look at", "a directory");
    return status.st_dev;
}

} // namespace

bool means_not_there(int code) noexcept {
    return code == ENOENT || code == ENOTDIR || code == ELOOP || code == EXDEV;
}

DirectoryCache DirectoryCache::another() const { return DirectoryCache{open("."), mounts_}; }

sys::UniqueFd DirectoryCache::open(const std::filesystem::path& relative) const {
    constexpr int flags = O_RDONLY | O_DIRECTORY;
    return mounts_ == Mounts::one ? sys::open_on_mount(root_.get(), relative, flags)
                                  : sys::open_beneath(root_.get(), relative, flags);
}

DirectoryCache::Place DirectoryCache::parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (path.empty()) return {root_.get(), "."};
    if (slash == std::string::npos) return {root_.get(), path};
    const std::string_view parent = std::string_view{path}.substr(0, slash);
    if (!parent_ || parent != parent_path_) {
        parent_ = open(parent);
        parent_path_ = parent;
    }
    return {parent_.get(), path.substr(slash + 1)};
}

std::optional<struct stat> DirectoryCache::status_of(const std::string& path) {
    try {
        const Place place = parent_of(path);
        return sys::stat_at(place.directory, place.name);
    } catch (const sys::SysError& error) {
        if (means_not_there(error.code())) return std::nullopt;
        throw;
    }
}

std::optional<sys::HeldObject> DirectoryCache::hold(const std::string& path) {
    try {
        const Place place = parent_of(path);
        if (device_of(place.directory) != device_of(root_.get())) return std::nullopt;
        return sys::HeldObject{place.directory, place.name};
    } catch (const sys::SysError& error) {
        if (means_not_there(error.code())) return std::nullopt;
        throw;
    }
}

std::optional<struct statx> statx_at(const DirectoryCache::Place& place) {
    struct statx status = {};
    if (::statx(place.directory, place.name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                STATX_BASIC_STATS | STATX_BTIME, &status) == 0)
        return status;
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw sys::SysError{errno, "look at", place.name};
}

model::SourceMark mark_of(const struct statx& status) {
    const auto time = [](const struct statx_timestamp& at) {
        return timespec{.tv_sec = at.tv_sec, .tv_nsec = static_cast<long>(at.tv_nsec)};
    };
    const bool tells_birth = (status.stx_mask & STATX_BTIME) != 0;
    return {.known = true,
            .size = status.stx_size,
            .mtime = time(status.stx_mtime),
            .born = tells_birth ? time(status.stx_btime) : timespec{}};
}

void rename_object(const DirectoryCache::Place& from, const DirectoryCache::Place& to, unsigned flags) {
    if (::renameat2(from.directory, from.name.c_str(), to.directory, to.name.c_str(), flags) == 0) return;
    sys::SysError error{errno, "rename", to.name};
    const std::string remedy =
        "the live root is an overlay that cannot move a directory of its lower layers; "
        "mount it with redirect_dir=on";
    if (error.code() == EXDEV && sys::is_on_overlay(from.directory)) error.add_context(remedy);
    throw error;
}

} // namespace disco::merge
