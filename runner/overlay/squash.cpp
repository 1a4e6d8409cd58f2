#include "runner/overlay/squash.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"
#include "runner/sys/metadata.hpp"

#include <cerrno>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::overlay {
namespace {

/// A directory of the upper layer, with those of the kept layer and of the live root at the same path.
struct Level {
    int upper = -1, kept = -1;
    int live = -1;              ///< -1: nothing of the live root shows through here
    std::filesystem::path path; ///< for messages
};

bool is_opaque(int directory, const std::string& name) {
    return sys::read_xattr_at(directory, name, std::string{model::overlay_opaque}) == "y";
}

bool is_whiteout(int directory, const sys::DirectoryEntry& entry) {
    if (entry.type != DT_CHR) return false;
    const auto status = sys::stat_at(directory, entry.name);
    return status && S_ISCHR(status->st_mode) && status->st_rdev == 0;
}

sys::UniqueFd open_child(int directory, const std::string& name, const std::filesystem::path& path) {
    sys::UniqueFd child{::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!child) throw sys::SysError{errno, "open directory", path / name};
    return child;
}

/// Gives the kept directory the upper one's owner, mode, times, flags and what users see of its extended
/// attributes; each keeps its own bookkeeping, and flags that overlayfs does not copy up stay. `upper`: of
/// before names were moved out, which changes the times.
void copy_metadata(const Level& level, const struct stat& upper) {
    struct stat kept = {};
    sys::check(::fstat(level.kept, &kept), "stat", level.path);
    // The owner first and the mode last: chown(2) and ACLs change the mode.
    if (upper.st_uid != kept.st_uid || upper.st_gid != kept.st_gid)
        sys::check(::fchown(level.kept, upper.st_uid, upper.st_gid), "set the owner of", level.path);
    const auto bookkeeping = [](const std::string& attribute) {
        return !model::visible_attribute(attribute);
    };
    sys::Xattrs wanted = sys::read_xattrs(level.upper, level.path);
    std::erase_if(wanted, [&](const auto& one) { return bookkeeping(one.first); });
    sys::replace_xattrs_at(level.kept, ".", wanted, bookkeeping);
    sys::check(::fchmod(level.kept, upper.st_mode & 07777), "set the mode of", level.path);
    const unsigned flags = sys::read_inode_flags(level.kept);
    const unsigned wanted_flags = (flags & ~sys::copied_up_flags) | sys::read_inode_flags(level.upper);
    if (wanted_flags != flags && !sys::set_inode_flags(level.kept, wanted_flags))
        throw sys::SysError{errno, "set the flags (chattr) of", level.path};
    const struct timespec times[2] = {upper.st_atim, upper.st_mtim};
    sys::check(::futimens(level.kept, times), "set the times of", level.path);
}

void squash_directory(const Level& level);

/// A directory of both layers: what the upper one holds goes into the kept one.
void squash_common(const Level& in, const std::string& name) {
    {
        const sys::UniqueFd upper = open_child(in.upper, name, in.path);
        const sys::UniqueFd kept = open_child(in.kept, name, in.path);
        sys::UniqueFd live;
        if (in.live >= 0 && !is_opaque(in.kept, name))
            live = sys::UniqueFd{
                ::openat(in.live, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        squash_directory({upper.get(), kept.get(), live.get(), in.path / name});
    }
    sys::check(::unlinkat(in.upper, name.c_str(), AT_REMOVEDIR), "remove directory", in.path / name);
}

void squash_name(const Level& in, const std::string& name) {
    const auto move = [&] {
        return ::renameat2(in.upper, name.c_str(), in.kept, name.c_str(), RENAME_NOREPLACE);
    };
    if (move() == 0) return;
    if (errno != EEXIST) throw sys::SysError{errno, "move", in.path / name};
    const auto upper = sys::stat_at(in.upper, name), kept = sys::stat_at(in.kept, name);
    if (!upper || !kept) throw sys::SysError{ENOENT, "squash", in.path / name};
    const bool both = S_ISDIR(upper->st_mode) && S_ISDIR(kept->st_mode);
    if (both && !is_opaque(in.upper, name)) {
        squash_common(in, name);
        return;
    }
    // What the kept layer had here also hid what the live root has; a directory must go on doing so.
    if (S_ISDIR(upper->st_mode) && !both)
        sys::set_xattr_at(in.upper, name, std::string{model::overlay_opaque}, "y");
    // Not left to rename(2), which does nothing for two names of one inode.
    sys::remove_tree_at(in.kept, name);
    sys::check(move(), "move", in.path / name);
}

/// A whiteout that hides only what the kept layer has. It must not stay: where nothing of a lower layer shows
/// through, overlayfs lists a directory as it is, with its whiteouts.
void take_out(const Level& in, const std::string& name) {
    sys::remove_tree_at(in.kept, name);
    sys::check(::unlinkat(in.upper, name.c_str(), 0), "remove", in.path / name);
}

void squash_directory(const Level& level) {
    struct stat status = {};
    sys::check(::fstat(level.upper, &status), "stat", level.path);
    for (const sys::DirectoryEntry& entry : sys::list_directory(level.upper, level.path)) {
        if (level.live < 0 && is_whiteout(level.upper, entry))
            take_out(level, entry.name);
        else
            squash_name(level, entry.name);
    }
    copy_metadata(level, status);
}

} // namespace

void squash(const std::filesystem::path& upper, const std::filesystem::path& kept,
            const std::filesystem::path& live) {
    const sys::UniqueFd from = sys::open_directory(upper), to = sys::open_directory(kept);
    const sys::UniqueFd below = sys::open_directory(live);
    struct stat status = {};
    sys::check(::fstat(from.get(), &status), "stat", upper);
    squash_directory({from.get(), to.get(), below.get(), kept});
    // It may be used again, and must then look like what it covers.
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    sys::check(::futimens(from.get(), times), "set the times of", upper);
}

} // namespace disco::overlay
