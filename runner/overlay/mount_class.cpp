#include "runner/overlay/mount_class.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

namespace disco::overlay {
namespace {

/// File systems that hold no files of an administrator: the kernel shows its own state through them.
constexpr std::array<std::string_view, 22> kernel_types = {
    "autofs",   "binfmt_misc", "bpf",     "cgroup",     "cgroup2",    "configfs", "debugfs", "devpts",
    "devtmpfs", "efivarfs",    "fusectl", "hugetlbfs",  "mqueue",     "nfsd",     "nsfs",    "proc",
    "pstore",   "ramfs",       "resctrl", "rpc_pipefs", "securityfs", "sysfs"};

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

/// A mount is hidden when another one stands on its way (or on it) without being its ancestor.
class Visibility {
public:
    explicit Visibility(const std::vector<SeenMount>& mounts) : mounts_{mounts} {
        for (const SeenMount& seen : mounts) parents_[seen.mount.id] = seen.mount.parent;
    }
    [[nodiscard]] bool hidden(const sys::Mount& mount) const {
        return std::any_of(mounts_.begin(), mounts_.end(), [&](const SeenMount& other) {
            const std::string& there = other.mount.point.native();
            const std::string& here = mount.point.native();
            const bool on_the_way = there == here || there == "/" || is_below(here, there);
            return other.mount.id != mount.id && on_the_way && !is_ancestor(other.mount.id, mount.id);
        });
    }

private:
    [[nodiscard]] bool is_ancestor(int ancestor, int id) const {
        for (std::size_t hops = 0; hops <= parents_.size(); ++hops) {
            const auto found = parents_.find(id);
            if (found == parents_.end() || found->second == id) return false;
            id = found->second;
            if (id == ancestor) return true;
        }
        return false;
    }
    const std::vector<SeenMount>& mounts_;
    std::map<int, int> parents_;
};

MountClass class_of(const SeenMount& seen, const std::string& inside) {
    if (holds(private_points, inside)) return MountClass::private_;
    if (holds(kernel_points, inside) || holds(kernel_types, seen.mount.type)) return MountClass::kernel;
    if (!seen.directory) return MountClass::bound_file;
    const bool readonly = seen.mount.options == "ro" || seen.mount.options.starts_with("ro,");
    return readonly ? MountClass::readonly : MountClass::managed;
}

} // namespace

std::vector<ClassifiedMount> classify_mounts(const std::vector<SeenMount>& mounts,
                                             const std::filesystem::path& root) {
    const Visibility visibility{mounts};
    std::vector<ClassifiedMount> rows;
    for (const SeenMount& seen : mounts) {
        const auto inside = inside_of(seen.mount.point.native(), root.native());
        if (!inside || inside->empty() || visibility.hidden(seen.mount)) continue;
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
