#include "runner/merge/directory_cache.hpp"

#include "runner/sys/files.hpp"

#include <fcntl.h>

namespace disco::merge {

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

} // namespace disco::merge
