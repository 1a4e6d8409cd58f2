#include "runner/overlay/squash.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/overlay/whiteout.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/path_length.hpp"

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

bool is_opaque(int directory, const std::string& name) {
    return sys::read_xattr_at(directory, name, std::string{model::overlay_opaque}) == "y";
}

/// Gives the kept directory the upper one's owner, mode, times, flags and what users see of its extended
/// attributes; each keeps its own bookkeeping, and flags that overlayfs does not copy up stay. `upper`: of
/// before names were moved out, which changes the times.
void copy_metadata(int from, int to, const struct stat& upper, const std::string& path) {
    struct stat kept = {};
    sys::check(::fstat(to, &kept), "stat", path);
    // The owner first and the mode last: chown(2) and ACLs change the mode.
    if (upper.st_uid != kept.st_uid || upper.st_gid != kept.st_gid)
        sys::check(::fchown(to, upper.st_uid, upper.st_gid), "set the owner of", path);
    const auto bookkeeping = [](const std::string& attribute) {
        return !model::visible_attribute(attribute);
    };
    sys::Xattrs wanted = sys::read_xattrs(from, path);
    std::erase_if(wanted, [&](const auto& one) { return bookkeeping(one.first); });
    sys::replace_xattrs_at(to, ".", wanted, bookkeeping);
    sys::check(::fchmod(to, upper.st_mode & 07777), "set the mode of", path);
    const unsigned flags = sys::read_inode_flags(to);
    const unsigned wanted_flags = (flags & ~sys::copied_up_flags) | sys::read_inode_flags(from);
    if (wanted_flags != flags && !sys::set_inode_flags(to, wanted_flags))
        throw sys::SysError{errno, "set the flags (chattr) of", path};
    const struct timespec times[2] = {upper.st_atim, upper.st_mtim};
    sys::check(::futimens(to, times), "set the times of", path);
}

/// Goes through the upper layer, with the base layer and the live root beside it. No recursion: a tree may be
/// deeper than a stack.
class Squash {
public:
    Squash(sys::UniqueFd upper, sys::UniqueFd kept, sys::UniqueFd live)
        : upper_{std::move(upper)}, kept_{std::move(kept)}, live_{std::move(live)} {
        begin_level(true);
    }

    void run() {
        try {
            run_all();
        } catch (sys::Error& error) {
            error.add_context(fmt::format("joining layers at '{}'", shown()));
            throw;
        }
    }

private:
    void run_all() {
        for (;;) {
            Level& level = levels_.back();
            if (level.next < level.entries.size()) {
                squash(level.entries[level.next++]);
                continue;
            }
            copy_metadata(upper_.directory(), kept_.directory(), level.upper, shown());
            if (levels_.size() == 1) return;
            end_level();
        }
    }

    struct Level {
        struct stat upper = {}; ///< before names are moved out
        std::vector<sys::DirectoryEntry> entries;
        bool shows_live = false; ///< the live root shows through here, and has this directory
        std::size_t next = 0;
        [[nodiscard]] const std::string& name() const { return entries[next - 1].name; }
    };

    void begin_level(bool shows_live) {
        Level level;
        sys::check(::fstat(upper_.directory(), &level.upper), "stat", shown());
        level.entries = sys::list_directory(upper_.directory(), shown());
        level.shows_live = shows_live;
        levels_.push_back(std::move(level));
    }
    void end_level() {
        if (levels_.back().shows_live) live_.leave();
        kept_.leave();
        upper_.leave();
        levels_.pop_back();
        sys::check(::unlinkat(upper_.directory(), levels_.back().name().c_str(), AT_REMOVEDIR),
                   "remove directory", shown());
    }

    void squash(const sys::DirectoryEntry& entry) {
        if (!levels_.back().shows_live && is_whiteout(upper_.directory(), entry.name, entry.type))
            take_out(entry.name);
        else
            squash_name(entry.name);
    }

    /// A whiteout that hides only what the base layer has. It must not stay: where nothing of a lower layer
    /// shows through, overlayfs lists a directory as it is, with its whiteouts.
    void take_out(const std::string& name) {
        sys::remove_tree_at(kept_.directory(), name);
        sys::check(::unlinkat(upper_.directory(), name.c_str(), 0), "remove", shown());
    }

    void squash_name(const std::string& name) {
        const int from = upper_.directory(), to = kept_.directory();
        const auto move = [&] { return ::renameat2(from, name.c_str(), to, name.c_str(), RENAME_NOREPLACE); };
        if (move() == 0) return;
        if (errno != EEXIST) throw sys::SysError{errno, "move", shown()};
        const auto upper = sys::stat_at(from, name), kept = sys::stat_at(to, name);
        if (!upper || !kept) throw sys::SysError{ENOENT, "squash", shown()};
        const bool both = S_ISDIR(upper->st_mode) && S_ISDIR(kept->st_mode);
        if (both && !is_opaque(from, name)) return enter(name);
        // What the base layer had here also hid what the live root has; a directory must go on doing so.
        if (S_ISDIR(upper->st_mode) && !both)
            sys::set_xattr_at(from, name, std::string{model::overlay_opaque}, "y");
        // Not left to rename(2), which does nothing for two names of one inode.
        sys::remove_tree_at(to, name);
        sys::check(move(), "move", shown());
    }

    /// A directory of both layers: what the upper one holds goes into the base layer.
    void enter(const std::string& name) {
        bool shows_live = levels_.back().shows_live && !is_opaque(kept_.directory(), name);
        if (shows_live) {
            sys::UniqueFd live{::openat(live_.directory(), name.c_str(), open_flags)};
            shows_live = static_cast<bool>(live);
            if (live) live_.enter(std::move(live));
        }
        sys::UniqueFd upper = open_child(upper_.directory(), name);
        kept_.enter(open_child(kept_.directory(), name));
        upper_.enter(std::move(upper));
        begin_level(shows_live);
    }

    [[nodiscard]] sys::UniqueFd open_child(int directory, const std::string& name) const {
        sys::UniqueFd child{::openat(directory, name.c_str(), open_flags)};
        if (!child) throw sys::SysError{errno, "open directory", shown()};
        return child;
    }

    /// For messages. A path can be very long, and it is made for every directory.
    [[nodiscard]] std::string shown() const {
        constexpr std::size_t enough = 300;
        std::string path;
        for (const Level& level : levels_) {
            if (level.next == 0 || path.size() > enough) break;
            path += "/" + level.name();
        }
        return path.empty() ? "/" : sys::path_for_people(path);
    }

    static constexpr int open_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    sys::Descent upper_, kept_, live_;
    std::vector<Level> levels_;
};

} // namespace

void squash(const std::filesystem::path& upper, const std::filesystem::path& kept,
            const std::filesystem::path& live) {
    const sys::UniqueFd from = sys::open_directory(upper);
    struct stat status = {};
    sys::check(::fstat(from.get(), &status), "stat", upper);
    Squash{sys::open_directory(upper), sys::open_directory(kept), sys::open_directory(live)}.run();
    // It may be used again, and must then look like what it covers.
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    sys::check(::futimens(from.get(), times), "set the times of", upper);
}

} // namespace disco::overlay
