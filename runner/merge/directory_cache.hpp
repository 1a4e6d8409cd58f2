#pragma once

#include "runner/model/prepared_plan.hpp"
#include "runner/sys/held_object.hpp"
#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace disco::merge {

/// Whether a call that fails so has met no object, or one that is none of this tree: a link or a mount stands
/// in the way. Whoever owns a directory may bring that about at any time.
[[nodiscard]] bool means_not_there(int code) noexcept;

/// Opens the parent directories of paths below one root, by descriptor, following no symlink and, for a
/// merge, crossing no mount. Steps come in path order, so the last one opened is usually the one wanted.
class DirectoryCache {
public:
    DirectoryCache() = default;
    /// `all`: to look at a tree with the mounts in it.
    enum class Mounts { one, all };
    explicit DirectoryCache(sys::UniqueFd root, Mounts mounts = Mounts::one)
        : root_{std::move(root)}, mounts_{mounts} {}
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
    /// The object at a path, whatever happens to its name; nothing as above, and in a subvolume of its own,
    /// where other objects have the same inodes.
    [[nodiscard]] std::optional<sys::HeldObject> hold(const std::string& path);
    [[nodiscard]] int root() const noexcept { return root_.get(); }
    /// Forgets what is open: something may have been moved.
    void reset() noexcept {
        parent_.reset();
        parent_path_.clear();
    }

private:
    [[nodiscard]] sys::UniqueFd open(const std::filesystem::path& relative) const;

    sys::UniqueFd root_, parent_;
    Mounts mounts_ = Mounts::one;
    std::string parent_path_;
};

/// statx(2), not following, with the time of birth; nothing when the name does not exist. Throws SysError.
[[nodiscard]] std::optional<struct statx> statx_at(const DirectoryCache::Place& place);
[[nodiscard]] model::SourceMark mark_of(const struct statx& status);

/// renameat2(2). Throws SysError.
void rename_object(const DirectoryCache::Place& from, const DirectoryCache::Place& to, unsigned flags);

} // namespace disco::merge
