#include "runner/overlay/mount_class.hpp"

#include "runner/overlay/lower_trial.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace disco::overlay {
namespace {

/// File systems that hold no files of an administrator: the kernel shows its own state through them.
constexpr std::array<std::string_view, 23> kernel_types = {
    "autofs",   "binfmt_misc", "bpf",     "cgroup",     "cgroup2",    "configfs", "debugfs", "devpts",
    "devtmpfs", "efivarfs",    "fusectl", "hugetlbfs",  "mqueue",     "nfsd",     "nsfs",    "proc",
    "pstore",   "ramfs",       "resctrl", "rpc_pipefs", "securityfs", "sysfs",    "tracefs"};

/// They compare names in a way of their own (d_hash, d_compare), which overlayfs cannot do for them. Others
/// may, according to how they were made or mounted (a case-folding ext4, ntfs3 with nocase).
constexpr std::array<std::string_view, 7> foreign_types = {"adfs",    "affs",  "exfat", "hfs",
                                                           "hfsplus", "msdos", "vfat"};
/// They never do.
constexpr std::array<std::string_view, 5> usual_types = {"btrfs", "ext2", "ext3", "tmpfs", "xfs"};

/// They are read-only by what they are, so nobody can ever have bound a socket there.
constexpr std::array<std::string_view, 5> socketless_types = {"cramfs", "erofs", "iso9660", "romfs",
                                                              "squashfs"};

constexpr std::array<std::string_view, 3> kernel_points = {"/proc", "/sys", "/dev"};
constexpr std::array<std::string_view, 3> private_points = {"/tmp", "/run", "/dev/shm"};
constexpr std::string_view runtime_point = "/run";

template <class List> bool holds(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// The part of `path` below `root` with its leading slash: "" for the root itself; nothing when it lies
/// elsewhere.
std::optional<std::string> inside_of(const std::string& path, const std::string& root) {
    if (path == root) return "";
    if (root == "/") return path;
    if (!sys::is_below(path, root)) return std::nullopt;
    return path.substr(root.size());
}

/// A mount is visible when following its path from the top leads to it: at every directory on the way, and at
/// its own point, into what is mounted there on what has been reached so far.
class Visibility {
public:
    explicit Visibility(const std::vector<SeenMount>& mounts) {
        std::set<int> known;
        for (const SeenMount& seen : mounts) known.insert(seen.mount.id);
        for (const SeenMount& seen : mounts) {
            const bool top = !known.contains(seen.mount.parent) || seen.mount.parent == seen.mount.id;
            mounted_[{top ? nothing : seen.mount.parent, seen.mount.point.native()}] = seen.mount.id;
        }
    }
    [[nodiscard]] bool visible(const sys::Mount& mount) const {
        const std::string& path = mount.point.native();
        int reached = enter(nothing, "/");
        for (std::size_t slash = path.find('/', 1); path != "/"; slash = path.find('/', slash + 1)) {
            reached = enter(reached, path.substr(0, slash));
            if (slash == std::string::npos) break;
        }
        return reached == mount.id;
    }

private:
    static constexpr int nothing = -1;
    /// What is mounted on `at` at this point, and on that.
    [[nodiscard]] int enter(int at, const std::string& point) const {
        for (std::size_t hops = 0; hops <= mounted_.size(); ++hops) {
            const auto found = mounted_.find({at, point});
            if (found == mounted_.end()) break;
            at = found->second;
        }
        return at;
    }
    std::map<std::pair<int, std::string>, int> mounted_; ///< by what it is mounted on, and where
};

bool is_readonly(const sys::Mount& mount) {
    const auto readonly = [](const std::string& options) {
        return options == "ro" || options.starts_with("ro,");
    };
    return readonly(mount.options) || readonly(mount.super_options);
}

MountClass class_of(const SeenMount& seen, const std::string& inside, bool own_machine) {
    if (own_machine && inside == runtime_point) return MountClass::runtime;
    if (holds(private_points, inside)) return MountClass::private_;
    if (holds(kernel_points, inside) || holds(kernel_types, seen.mount.type)) return MountClass::kernel;
    if (seen.closed || seen.meeting_point) return MountClass::closed;
    if (!seen.directory) return MountClass::bound_file;
    if (is_readonly(seen.mount)) return MountClass::readonly;
    return holds(foreign_types, seen.mount.type) ? MountClass::foreign : MountClass::managed;
}

/// Mounts below it are there in the view as well.
bool shows_what_lies_below(MountClass kind) {
    return kind == MountClass::managed || kind == MountClass::readonly || kind == MountClass::foreign;
}

/// The mount that a directory lies on.
const sys::Mount* mount_of(const std::string& directory, const std::vector<SeenMount>& mounts,
                           const Visibility& visibility) {
    const sys::Mount* found = nullptr;
    for (const SeenMount& seen : mounts) {
        const sys::Mount& mount = seen.mount;
        const std::string& point = mount.point.native();
        const bool above = point == "/" || point == directory || sys::is_below(directory, point);
        const bool closer = found == nullptr || point.size() >= found->point.native().size();
        if (above && closer && visibility.visible(mount)) found = &mount;
    }
    return found;
}

ClassifiedMount classify_root(const std::filesystem::path& root, const sys::Mount* mount) {
    if (mount == nullptr || !holds(foreign_types, mount->type)) return {MountClass::managed, "", root};
    return {MountClass::foreign, "", root, mount->type};
}

} // namespace

std::vector<ClassifiedMount> classify_mounts(const std::vector<SeenMount>& mounts,
                                             const std::filesystem::path& root, const LowerTrial& refuses) {
    struct Row {
        ClassifiedMount classified;
        const sys::Mount* mount;
    };
    const Visibility visibility{mounts};
    std::vector<Row> rows;
    for (const SeenMount& seen : mounts) {
        const auto inside = inside_of(seen.mount.point.native(), root.native());
        if (!inside || inside->empty() || !visibility.visible(seen.mount)) continue;
        rows.push_back({{class_of(seen, *inside, root == "/"), *inside, seen.mount.point}, &seen.mount});
    }
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return a.classified.inside < b.classified.inside; });

    const auto is_swallowed = [&](const std::string& inside) {
        const auto below = [&](std::string_view point) { return sys::is_below(inside, point); };
        return std::any_of(kernel_points.begin(), kernel_points.end(), below) ||
               std::any_of(private_points.begin(), private_points.end(), below) ||
               std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
                   return !shows_what_lies_below(other.classified.kind) &&
                          sys::is_below(inside, other.classified.inside);
               });
    };
    std::vector<ClassifiedMount> shown = {classify_root(root, mount_of(root, mounts, visibility))};
    for (const auto& [classified, mount] : rows) {
        if (is_swallowed(classified.inside)) continue;
        ClassifiedMount& row = shown.emplace_back(classified);
        if (row.kind == MountClass::managed && !holds(usual_types, mount->type) && refuses(*mount))
            row.kind = MountClass::foreign;
        if (row.kind == MountClass::foreign || mount->type == automount_type) row.type = mount->type;
        row.by_overlay = row.kind == MountClass::readonly && !holds(foreign_types, mount->type) &&
                         !holds(socketless_types, mount->type) &&
                         (holds(usual_types, mount->type) || !refuses(*mount));
    }
    return shown;
}

std::vector<ClassifiedMount> classify_host_mounts(const std::filesystem::path& root,
                                                  const std::filesystem::path& scratch) {
    std::vector<SeenMount> seen;
    for (sys::Mount& mount : sys::read_mounts()) {
        // Only a mount of one file has a root that is no directory; a look at the point would hang on a dead
        // server for the others, so only mounts that are visible in the table at all are looked at, and never
        // automounted.
        struct stat status = {};
        const bool found =
            ::fstatat(AT_FDCWD, mount.point.c_str(), &status, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW) == 0;
        // EACCES: a FUSE mount of one user; ENOTCONN: its server has died; ESTALE, EIO …: the other side has.
        const bool closed = !found && errno != ENOENT && errno != ENOTDIR;
        const bool file = found && !S_ISDIR(status.st_mode);
        const bool meeting_point = file && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
        seen.push_back({std::move(mount), !file, closed, meeting_point});
    }
    auto mounts = classify_mounts(
        seen, root, [&](const sys::Mount& mount) { return refused_as_lower(mount.point, scratch); });
    if (root != "/") return mounts;
    // In containers /run may be a directory of the root itself; its files are runtime files all the same.
    const auto is_run = [](const ClassifiedMount& mount) { return mount.inside == runtime_point; };
    const auto first_after = std::find_if(mounts.begin(), mounts.end(), [](const ClassifiedMount& mount) {
        return mount.inside > runtime_point;
    });
    if (std::none_of(mounts.begin(), mounts.end(), is_run) && sys::is_directory(runtime_point))
        mounts.insert(first_after, {MountClass::runtime, std::string{runtime_point}, runtime_point});
    return mounts;
}

} // namespace disco::overlay
