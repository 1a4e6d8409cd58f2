#include "runner/merge/staging_directory.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

constexpr mode_t source = 0700; ///< of one that originals lie in
constexpr mode_t emptied = 0500;

bool is_ours(const struct stat& status) {
    const mode_t mode = status.st_mode & 07777U & ~mode_t{S_ISGID}; // which the top may hand down
    return S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() && (mode == source || mode == emptied);
}

struct stat status_of(const sys::UniqueFd& directory, const std::filesystem::path& shown) {
    struct stat status = {};
    sys::check(::fstat(directory.get(), &status), "look at", shown);
    return status;
}

/// Empty when there is nothing of that name, or something that is no directory of the mount.
sys::UniqueFd open_there(int top, const std::string& name, const std::filesystem::path& shown) {
    try {
        return sys::open_on_mount(top, name, O_RDONLY | O_DIRECTORY);
    } catch (const sys::SysError& error) {
        if (means_not_there(error.code())) return {};
        throw sys::SysError{error.code(), "open directory", shown};
    }
}

bool is_empty(const sys::UniqueFd& directory, const std::filesystem::path& shown) {
    return sys::list_directory(directory.get(), shown).empty();
}

} // namespace

StagingDirectory::StagingDirectory(int top, std::string name, std::filesystem::path shown)
    : name_{std::move(name)}, shown_{std::move(shown)} {
    sys::check(::mkdirat(top, name_.c_str(), source), "make directory", shown_);
    directory_ = open_there(top, name_, shown_);
    if (directory_) {
        const struct stat status = status_of(directory_, shown_);
        inode_ = status.st_ino;
        if (is_ours(status) && is_empty(directory_, shown_)) {
            sys::check(::fchmod(directory_.get(), source), "set the mode of", shown_); // whatever the umask
            return;
        }
    }
    throw sys::Error{
        fmt::format("'{}' was just made for the merge, and somebody has put something else in its "
                    "place: nothing was merged. Whoever may write to '{}' can do that",
                    shown_.string(), shown_.parent_path().string())};
}

std::optional<StagingDirectory> StagingDirectory::find(int top, const std::string& name, std::uint64_t inode,
                                                       Content content, const std::filesystem::path& shown) {
    // The directories of an overlay may get other numbers when it is mounted again.
    const bool by_name = inode == 0 || sys::is_on_overlay(top);
    const auto look = [&](const std::string& at) -> std::optional<StagingDirectory> {
        sys::UniqueFd directory = open_there(top, at, shown);
        if (!directory) return std::nullopt;
        const struct stat status = status_of(directory, shown);
        if (!is_ours(status) || (!by_name && status.st_ino != inode)) return std::nullopt;
        if (content == Content::none && !is_empty(directory, shown)) return std::nullopt;
        return StagingDirectory{std::move(directory), status.st_ino, at, shown};
    };
    if (auto found = look(name); found || by_name) return found;
    for (const sys::DirectoryEntry& entry : sys::list_directory(top, shown.parent_path())) {
        if (entry.type != DT_DIR) continue;
        const auto status = sys::stat_at(top, entry.name);
        if (!status || status->st_ino != inode) continue;
        if (auto found = look(entry.name)) return found;
    }
    return std::nullopt;
}

bool StagingDirectory::is_source() const { return (status_of(directory_, shown_).st_mode & S_IWUSR) != 0; }

void StagingDirectory::end_source() const {
    sys::check(::fchmod(directory_.get(), emptied), "set the mode of", shown_);
    sys::check(::fsync(directory_.get()), "sync", shown_);
}

bool StagingDirectory::remove(int top) const {
    sys::empty_directory(directory_.get(), shown_);
    // Of what somebody has put under the name this removes an empty directory at most.
    if (::unlinkat(top, name_.c_str(), AT_REMOVEDIR) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR || errno == ENOTEMPTY || errno == EEXIST) return false;
    throw sys::SysError{errno, "remove directory", shown_};
}

} // namespace disco::merge
