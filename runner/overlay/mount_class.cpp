#include "runner/overlay/mount_class.hpp"

#include <algorithm>
#include <array>
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

constexpr std::array<std::string_view, 3> kernel_points = {"/proc", "/sys", "/dev"};
constexpr std::array<std::string_view, 3> private_points = {"/tmp", "/run", "/dev/shm"};

template <class List> bool holds(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_below(std::string_view path, std::string_view directory) {
    return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

/// The part of `path` below `root` with its leading slash: "" for the root itself; nothing when it lies
/// elsewhere.
std::optional<std::string> inside_of(const std::string& path, const std::string& root) {
    if (path == root) return "";
    if (root == "/") return path;
    if (!is_below(path, root)) return std::nullopt;
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

MountClass class_of(const SeenMount& seen, const std::string& inside) {
    if (holds(private_points, inside)) return MountClass::private_;
    if (holds(kernel_points, inside) || holds(kernel_types, seen.mount.type)) return MountClass::kernel;
    if (!seen.directory) return MountClass::bound_file;
    const auto readonly = [](const std::string& options) {
        return options == "ro" || options.starts_with("ro,");
    };
    return readonly(seen.mount.options) || readonly(seen.mount.super_options) ? MountClass::readonly
                                                                              : MountClass::managed;
}

} // namespace

std::vector<ClassifiedMount> classify_mounts(const std::vector<SeenMount>& mounts,
                                             const std::filesystem::path& root) {
    const Visibility visibility{mounts};
    std::vector<ClassifiedMount> rows;
    for (const SeenMount& seen : mounts) {
        const auto inside = inside_of(seen.mount.point.native(), root.native());
        if (!inside || inside->empty() || !visibility.visible(seen.mount)) continue;
        rows.push_back({class_of(seen, *inside), *inside, seen.mount.point});
    }
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.inside < b.inside; });

    const auto swallowed = [](const std::string& inside, const ClassifiedMount& row) {
        return row.kind != MountClass::managed && row.kind != MountClass::readonly &&
               is_below(inside, row.inside);
    };
    const std::vector<ClassifiedMount> all = rows;
    std::erase_if(rows, [&](const ClassifiedMount& row) {
        const bool own_tree =
            std::any_of(kernel_points.begin(), kernel_points.end(),
                        [&](std::string_view point) { return is_below(row.inside, point); });
        const bool in_private =
            std::any_of(private_points.begin(), private_points.end(),
                        [&](std::string_view point) { return is_below(row.inside, point); });
        return own_tree || in_private || std::any_of(all.begin(), all.end(), [&](const auto& other) {
                   return swallowed(row.inside, other);
               });
    });
    rows.insert(rows.begin(), {MountClass::managed, "", root});
    return rows;
}

std::vector<ClassifiedMount> classify_host_mounts(const std::filesystem::path& root) {
    std::vector<SeenMount> seen;
    for (sys::Mount& mount : sys::read_mounts()) {
        // Only a mount of one file has a root that is no directory; a look at the point would hang on a dead
        // server for the others, so only mounts that are visible in the table at all are looked at, and never
        // automounted.
        struct stat status = {};
        const bool file =
            ::fstatat(AT_FDCWD, mount.point.c_str(), &status, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(status.st_mode);
        seen.push_back({std::move(mount), !file});
    }
    return classify_mounts(seen, root);
}

} // namespace disco::overlay
