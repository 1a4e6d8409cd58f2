#pragma once

#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace disco::merge {

/// Opens the parent directories of paths below one root, by descriptor, following no symlink. Steps come in
/// path order, so the last one opened is usually the one wanted.
class DirectoryCache {
public:
    DirectoryCache() = default;
    explicit DirectoryCache(sys::UniqueFd root) : root_{std::move(root)} {}
    /// Another one of the same root, for another thread. Throws SysError.
    [[nodiscard]] DirectoryCache another() const;

    struct Place {
        int directory; ///< borrowed until the next call
        std::string name;
    };
    /// Throws SysError when the parent is gone or no directory any more.
    [[nodiscard]] Place parent_of(const std::string& path);
    /// lstat(2) of a path; nothing when it, or a directory on the way, is not there or is something else.
    [[nodiscard]] std::optional<struct stat> status_of(const std::string& path);
    [[nodiscard]] int root() const noexcept { return root_.get(); }
    /// Forgets what is open: something may have been moved.
    void reset() noexcept {
        parent_.reset();
        parent_path_.clear();
    }

private:
    sys::UniqueFd root_, parent_;
    std::string parent_path_;
};

/// renameat2(2). Throws SysError.
void rename_object(const DirectoryCache::Place& from, const DirectoryCache::Place& to, unsigned flags);

} // namespace disco::merge
