#include "runner/merge/live_check.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/parts.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/tree_walk.hpp"

#include <array>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

using model::Conflict;

std::string at(const timespec& time) {
    std::tm parts = {};
    ::gmtime_r(&time.tv_sec, &parts);
    std::array<char, 32> text = {};
    text[std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)] = '\0';
    return text.data();
}

class Check {
public:
    /// `under_way`: earlier steps may have been taken.
    enum class Moment { before, under_way };
    Check(DirectoryCache& live, const std::string& prefix, const timespec& started, Moment when)
        : live_{live}, prefix_{prefix}, started_{started}, when_{when} {
        if (when == Moment::under_way) return; // there is one for each of very many steps
        struct stat top = {};
        sys::check(::fstat(live.root(), &top), "stat", prefix.empty() ? "/" : prefix);
        device_ = top.st_dev;
    }

    void check_mount() {
        struct statvfs status = {};
        sys::check(::fstatvfs(live_.root(), &status), "look at the file system of",
                   prefix_.empty() ? "/" : prefix_);
        if ((status.f_flag & ST_RDONLY) != 0)
            add("", "a file system that can be written", "it is mounted read-only");
    }

    /// `step`: planned or prepared.
    template <class... Steps> void check(const std::variant<Steps...>& step) {
        const std::string& path = model::path_of(step);
        try {
            const DirectoryCache::Place place = live_.parent_of(path);
            std::visit([&](const auto& one) { check(one, path, place); }, step);
        } catch (const sys::SysError& error) {
            if (!means_not_there(error.code())) throw;
            add(path, "its directory as it was",
                error.code() == ENOENT ? "the directory is gone" : "something else is in its place");
        }
    }

    void check_held(const model::SetMetadata& step, const std::optional<sys::HeldObject>& object) {
        struct statx seen = {};
        if (!object) return add(step.path, "as it was", "it is gone, or something else is in its place");
        sys::check(::statx(object->descriptor(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &seen), "look at",
                   step.path);
        (void)check_stamp(step.path, seen, step.expected, false);
    }

    void check_renamed(const std::string& path, const DirectoryCache::Place& place, const struct stat& there,
                       const model::Stamp& expected) {
        model::Stamp now = model::stamp(there);
        now.ctime = expected.ctime;
        // An overlay gives a file another number when it copies it up, if the file has more names.
        if (now.inode != expected.inode && S_ISREG(there.st_mode) && sys::is_on_overlay(place.directory))
            now.inode = expected.inode;
        const bool directory = S_ISDIR(there.st_mode), linked = !directory && there.st_nlink > 1;
        if (!(directory ? is_same_directory(now, expected)
              : linked  ? is_same_file(now, expected)
                        : now == expected)) {
            add(path, "as it was",
                fmt::format("{} at {}", now.inode == expected.inode ? "changed" : "replaced",
                            at(there.st_mtim)));
            return;
        }
        if (!directory) return;
        check_inside(path, sys::open_on_mount(place.directory, place.name, O_RDONLY | O_DIRECTORY));
    }

    [[nodiscard]] std::vector<Conflict> take() { return std::move(conflicts_); }

private:
    void check(const model::PutNew&, const std::string& path, const DirectoryCache::Place& place) {
        check_parent(path, place.directory);
        if (const auto there = sys::stat_at(place.directory, place.name))
            add(path, "nothing there",
                fmt::format("a {} changed at {}", to_string(model::object_type(there->st_mode)),
                            at(there->st_ctim)));
    }
    void check(const model::Exchange& step, const std::string& path, const DirectoryCache::Place& place) {
        check_object(path, place, step.expected, true);
    }
    void check(const model::Remove& step, const std::string& path, const DirectoryCache::Place& place) {
        check_object(path, place, step.expected, true);
    }
    void check(const model::SetMetadata& step, const std::string& path, const DirectoryCache::Place& place) {
        check_device(path, place.directory);
        check_object(path, place, step.expected, false);
    }

    /// `goes`: the object leaves its place, with all it holds if it is a directory.
    void check_object(const std::string& path, const DirectoryCache::Place& place,
                      const model::Stamp& expected, bool goes) {
        if (goes && when_ == Moment::before) check_parent(path, place.directory);
        struct statx seen = {};
        if (::statx(place.directory, place.name.c_str(), look_flags, STATX_BASIC_STATS, &seen) != 0) {
            if (errno != ENOENT) throw sys::SysError{errno, "look at", path};
            add(path, "as it was", "it is gone");
            return;
        }
        const bool conflict = check_stamp(path, seen, expected, goes);
        // Flags were looked at before, and what is inside is looked at once more when it is out of reach.
        if (when_ == Moment::under_way) return;
        if (!conflict) check_flags(path, seen, true);
        if (!S_ISDIR(seen.stx_mode) || !goes || seen.stx_ino != expected.inode) return;
        check_inside(path, sys::open_on_mount(place.directory, place.name, O_RDONLY | O_DIRECTORY));
    }

    /// True when it is a conflict.
    bool check_stamp(const std::string& path, const struct statx& seen, const model::Stamp& expected,
                     bool goes) {
        const bool directory = S_ISDIR(seen.stx_mode);
        model::Stamp stamp = model::stamp(seen);
        const timespec changed = stamp.ctime;
        const bool linked = when_ == Moment::under_way && !directory && seen.stx_nlink > 1;
        // A directory for copies may have been made in the top one.
        const bool top = when_ == Moment::under_way && path.empty();
        if (top) stamp.ctime = expected.ctime;
        const bool same = directory ? is_same_directory(stamp, expected)
                          : linked  ? is_same_file(stamp, expected)
                                    : stamp == expected;
        const bool conflict = !same || ((goes || !directory) && !linked && sys::later(changed, started_));
        if (conflict)
            add(path, "as it was",
                fmt::format("{} at {}", stamp.inode == expected.inode ? "changed" : "replaced", at(changed)));
        return conflict;
    }

    /// Steps for other names of a file change its metadata and times.
    static bool is_same_file(const model::Stamp& there, const model::Stamp& expected) {
        return there.inode == expected.inode && there.size == expected.size &&
               (there.mode & S_IFMT) == (expected.mode & S_IFMT);
    }

    /// Entries that come and go change a directory's times, which matters only when the directory itself
    /// goes. A ctime without an mtime tells of its metadata (an ACL, say).
    static bool is_same_directory(const model::Stamp& there, const model::Stamp& expected) {
        const bool entries_changed =
            sys::later(there.mtime, expected.mtime) || sys::later(expected.mtime, there.mtime);
        return there.inode == expected.inode && there.mode == expected.mode && there.uid == expected.uid &&
               there.gid == expected.gid && (entries_changed || !sys::later(there.ctime, expected.ctime));
    }

    void check_inside(const std::string& path, sys::UniqueFd directory) {
        try {
            sys::TreeWalk walk{std::move(directory), prefix_ + "/" + path};
            while (walk.next())
                if (walk.found() && check_found(path, walk)) walk.enter();
        } catch (const sys::MovedMeanwhile&) {
            add(path, "as it was", "somebody moves directories in it");
        }
    }

    /// True when what is in it comes next.
    bool check_found(const std::string& path, const sys::TreeWalk& walk) {
        const auto status = sys::stat_at(walk.directory(), walk.name());
        if (!status) return false;
        const auto inner = [&] { return path + "/" + walk.path(); };
        if (path.size() + 1 + walk.path().size() > sys::longest_path) {
            add(sys::path_for_people(inner()), "as it was", "deeper than a path can be long");
            return false; // somebody else's: nothing so deep is ever merged
        }
        if (sys::is_mount_point_at(walk.directory(), walk.name())) {
            add(inner(), "no mount", "something is mounted there");
            return false;
        }
        // A directory whose entries changed has changed too; that is how a new or removed name is seen.
        // So may have done a step for another name of a file.
        const bool linked = when_ == Moment::under_way && !S_ISDIR(status->st_mode) && status->st_nlink > 1;
        if (!linked && sys::later(status->st_ctim, started_))
            conflicts_.push_back(changed_later(prefix_ + "/" + inner(), *status));
        return S_ISDIR(status->st_mode);
    }

    /// Many steps share a directory; it is looked at once.
    void check_parent(const std::string& path, int directory) {
        const std::string parent =
            path.substr(0, path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
        if (parent_checked_ && parent == checked_parent_) return;
        struct statx status = {};
        sys::check(::statx(directory, ".", look_flags, STATX_BASIC_STATS, &status), "look at", parent);
        check_flags(path, status, false);
        check_device(path, makedev(status.stx_dev_major, status.stx_dev_minor));
        parent_checked_ = true;
        checked_parent_ = parent;
    }

    void check_device(const std::string& path, int directory) {
        struct stat status = {};
        sys::check(::fstat(directory, &status), "look at the directory of", path);
        check_device(path, status.st_dev);
    }
    void check_device(const std::string& path, dev_t device) {
        if (when_ == Moment::before && device != device_)
            add(path, "a directory of the mount's own file system",
                "a subvolume that is not mounted; mount it at its place to have it merged");
    }

    /// A mount point cannot be renamed, and immutable or append-only objects refuse what a merge does.
    /// `itself`: it was asked for the object, not for the directory it is in.
    void check_flags(const std::string& path, const struct statx& status, bool itself) {
        if (itself && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 && !path.empty())
            add(path, "no mount point", "something is mounted there");
        if ((status.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) == 0) return;
        add(path, itself ? "an object that may be changed" : "a directory that may be changed",
            itself ? "it is immutable or append-only (lsattr, chattr -i -a)"
                   : "its directory is immutable or append-only (lsattr, chattr -i -a)");
    }

    void add(const std::string& path, std::string expected, std::string found) {
        conflicts_.push_back({prefix_ + "/" + path, std::move(expected), std::move(found)});
    }

    static constexpr int look_flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;

    DirectoryCache& live_;
    const std::string& prefix_;
    const timespec& started_;
    Moment when_;
    dev_t device_ = 0; ///< of the mount's directories, `before`
    bool parent_checked_ = false;
    std::string checked_parent_;
    std::vector<Conflict> conflicts_;
};

} // namespace

model::Conflict changed_later(std::string path, const struct stat& status) {
    return {std::move(path), "as it was", "changed at " + at(status.st_ctim)};
}

std::vector<model::Conflict> find_conflicts(const model::MergePlan& plan, const DirectoryCache& live,
                                            const std::string& prefix, const timespec& dance_started) {
    if (plan.live.empty()) return {};
    std::mutex mutex;
    std::map<std::size_t, std::vector<model::Conflict>> found; // by the first step of the part
    sys::in_parts(plan.live.size(), [&](std::size_t begin, std::size_t end) {
        DirectoryCache own = live.another();
        Check check{own, prefix, dance_started, Check::Moment::before};
        if (begin == 0) check.check_mount();
        for (std::size_t i = begin; i < end; ++i) check.check(plan.live[i]);
        const std::lock_guard lock{mutex};
        found[begin] = check.take();
    });
    std::vector<model::Conflict> all;
    for (auto& [begin, part] : found) std::move(part.begin(), part.end(), std::back_inserter(all));
    return all;
}

std::vector<model::Conflict> find_conflicts(const model::PreparedStep& step, DirectoryCache& live,
                                            const std::string& prefix, const timespec& dance_started) {
    Check check{live, prefix, dance_started, Check::Moment::under_way};
    check.check(step);
    return check.take();
}

std::vector<model::Conflict> find_conflicts(const model::SetMetadata& step,
                                            const std::optional<sys::HeldObject>& object,
                                            const std::string& prefix, const timespec& dance_started) {
    DirectoryCache none;
    Check check{none, prefix, dance_started, Check::Moment::under_way};
    check.check_held(step, object);
    return check.take();
}

std::vector<model::Conflict> find_changes(const DirectoryCache::Place& place, const struct stat& there,
                                          const model::Stamp& expected, const std::string& prefix,
                                          const std::string& path, const timespec& dance_started) {
    // Nothing is opened by path for it.
    DirectoryCache none;
    Check check{none, prefix, dance_started, Check::Moment::under_way};
    check.check_renamed(path, place, there, expected);
    return check.take();
}

} // namespace disco::merge
