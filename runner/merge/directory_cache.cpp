#include "runner/merge/directory_cache.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>

namespace disco::merge {

DirectoryCache DirectoryCache::another() const {
    return DirectoryCache{sys::open_beneath(root_.get(), ".", O_RDONLY | O_DIRECTORY)};
}

DirectoryCache::Place DirectoryCache::parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (path.empty()) return {root_.get(), "."};
    if (slash == std::string::npos) return {root_.get(), path};
    const std::string_view parent = std::string_view{path}.substr(0, slash);
    if (!parent_ || parent != parent_path_) {
        parent_ = sys::open_beneath(root_.get(), parent, O_RDONLY | O_DIRECTORY);
        parent_path_ = parent;
    }
    return {parent_.get(), path.substr(slash + 1)};
}

std::optional<struct stat> DirectoryCache::status_of(const std::string& path) {
    try {
        const Place place = parent_of(path);
        return sys::stat_at(place.directory, place.name);
    } catch (const sys::SysError& error) {
        if (error.code() == ENOENT || error.code() == ENOTDIR || error.code() == ELOOP) return std::nullopt;
        throw;
    }
}

void rename_object(const DirectoryCache::Place& from, const DirectoryCache::Place& to, unsigned flags) {
    if (::renameat2(from.directory, from.name.c_str(), to.directory, to.name.c_str(), flags) == 0) return;
    sys::SysError error{errno, "rename", to.name};
    if (error.code() == EXDEV && sys::is_on_overlay(from.directory))
        error.add_context("the live root is an overlay that cannot move a directory of its lower layers; "
                          "mount it with redirect_dir=on");
    throw error;
}

} // namespace disco::merge
