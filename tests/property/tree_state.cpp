#include "tests/property/tree_state.hpp"

#include "runner/model/change.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "tests/property/script_generator.hpp"

#include <utility>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::property {
namespace {

/// Shown by lsattr(1) and set by chattr(1); extents and the like are the file system's own.
constexpr int flags_that_count = FS_NODUMP_FL | FS_NOATIME_FL | FS_SYNC_FL | FS_IMMUTABLE_FL | FS_APPEND_FL;

class Walk {
public:
    explicit Walk(TreeState& tree) : tree_{tree} {}

    void add(int directory, const std::string& name, const std::string& path) {
        const struct stat status = *sys::stat_at(directory, name);
        Seen seen{.state = model::object_state(status),
                  .blocks = static_cast<std::uint64_t>(status.st_blocks),
                  .linked_to = path};
        seen.state.xattrs = sys::read_xattrs_at(directory, name);
        if (S_ISLNK(status.st_mode)) seen.state.target = sys::read_link_at(directory, name);
        sys::UniqueFd file;
        if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
            file = sys::open_beneath(directory, name, O_RDONLY | O_NOATIME);
            int flags = 0; // declared with long, and takes an int (ioctl_iflags(2))
            if (::ioctl(file.get(), FS_IOC_GETFLAGS, &flags) == 0) seen.flags = flags & flags_that_count;
        }
        if (S_ISREG(status.st_mode)) seen.state.sha256 = sys::sha256(sys::read_all(file.get(), name));
        if (!S_ISDIR(status.st_mode)) seen.linked_to = first_.emplace(status.st_ino, path).first->second;
        tree_.emplace(path, std::move(seen));
        if (!S_ISDIR(status.st_mode)) return;
        for (const sys::DirectoryEntry& entry : sys::list_directory(file.get(), name))
            add(file.get(), entry.name, path + "/" + entry.name);
    }

private:
    TreeState& tree_;
    std::map<ino_t, std::string> first_;
};

bool is_deliberate(const timespec& time) {
    return time.tv_sec >= deliberate_begin && time.tv_sec < deliberate_end;
}

bool equal(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

std::string shown(const Seen& seen) {
    std::string text = fmt::format("{} {:o} {}:{} size {} rdev {:x} flags {:x} mtime {} blocks {} with {}",
                                   model::to_string(seen.state.type), seen.state.mode, seen.state.uid,
                                   seen.state.gid, seen.state.size, seen.state.rdev, seen.flags,
                                   seen.state.mtime.tv_sec, seen.blocks, sys::printable(seen.linked_to));
    if (seen.state.sha256) text += " sha256 " + sys::hex(*seen.state.sha256).substr(0, 8);
    for (const auto& [name, value] : seen.state.xattrs)
        text += fmt::format(" {}={}", name, sys::printable(value.substr(0, 40)));
    return text + (seen.state.target.empty() ? "" : " -> " + sys::printable(seen.state.target.substr(0, 40)));
}

bool changed(const Seen& before, const Seen& after) {
    return model::change_kind(before.state, after.state).has_value() || before.flags != after.flags;
}

/// `handed_down`: flags of the directory it is in, which overlayfs does not give to what is made there.
std::string what_differs(int handed_down, const Seen* before, const Seen& original, const Seen& copy,
                         DeliberateTimes times) {
    std::string what;
    if (model::change_kind(original.state, copy.state)) what += " state";
    if (original.state.type == model::ObjectType::symlink && original.state.mode != copy.state.mode)
        what += " mode";
    if (((original.flags ^ copy.flags) & ~handed_down) != 0) what += " flags";
    if (original.linked_to != copy.linked_to) what += " links";
    // The number of links says nothing: originals that are kept for a rollback count as well.
    // Copying up keeps holes from one mebibyte on.
    constexpr std::uint64_t slack = 2 * 2048;
    if (copy.blocks > original.blocks + slack) what += " blocks";
    const timespec& time = original.state.mtime;
    const bool kept = before != nullptr && equal(before->state.mtime, time);
    if (kept && !equal(copy.state.mtime, time)) what += " mtime(touched)";
    // Times alone are no change, and what is no change is not merged.
    const bool times_alone =
        before != nullptr && !changed(*before, original) && before->linked_to == original.linked_to;
    if (times == DeliberateTimes::equal && is_deliberate(time) && !times_alone &&
        !equal(copy.state.mtime, time))
        what += " mtime(deliberate)";
    return what;
}

} // namespace

namespace {

int flags_above(const TreeState& tree, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? 0 : tree.at(path.substr(0, slash)).flags;
}

} // namespace

TreeState read_tree(const std::filesystem::path& root) {
    TreeState tree;
    Walk{tree}.add(sys::open_directory(root).get(), ".", "");
    return tree;
}

std::string differences(const TreeState& before, const TreeState& original, const TreeState& copy,
                        DeliberateTimes times) {
    std::string lines;
    for (const auto& [path, seen] : original) {
        const auto found = copy.find(path);
        if (found == copy.end()) {
            lines += fmt::format("- {} {}\n", sys::printable(path), shown(seen));
            continue;
        }
        const auto was = before.find(path);
        const std::string what =
            what_differs(flags_above(original, path), was == before.end() ? nullptr : &was->second, seen,
                         found->second, times);
        if (!what.empty())
            lines += fmt::format("~ {}:{}\n    native {}\n    merged {}\n", sys::printable(path), what,
                                 shown(seen), shown(found->second));
    }
    for (const auto& [path, seen] : copy)
        if (!original.contains(path)) lines += fmt::format("+ {} {}\n", sys::printable(path), shown(seen));
    return lines;
}

namespace {

bool is_other(const Seen& seen) { return seen.state.type != model::ObjectType::directory; }

/// For each name that is no directory in either tree: the first of those names that is the same file.
std::map<std::string, std::string> partition(const TreeState& tree, const TreeState& other) {
    std::map<std::string, std::string> first, result;
    for (const auto& [path, seen] : tree)
        if (is_other(seen) && other.contains(path) && is_other(other.at(path)))
            result[path] = first.emplace(seen.linked_to, path).first->second;
    return result;
}

} // namespace

std::set<std::string> changed_paths(const TreeState& before, const TreeState& after, Links links) {
    std::set<std::string> paths;
    const auto groups_before = partition(before, after), groups_after = partition(after, before);
    const auto partners = [](const auto& groups, const std::string& path) {
        std::set<std::string> names;
        for (const auto& [name, first] : groups)
            if (first == groups.at(path)) names.insert(name);
        return names;
    };
    const auto name = [](const std::string& path) { return path.empty() ? std::string{"/"} : path; };
    for (const auto& [path, seen] : before) {
        const auto found = after.find(path);
        if (found == after.end() || changed(seen, found->second) ||
            (links == Links::count && groups_before.contains(path) &&
             partners(groups_before, path) != partners(groups_after, path)))
            paths.insert(name(path));
    }
    for (const auto& [path, seen] : after)
        if (!before.contains(path)) paths.insert(name(path));
    return paths;
}

} // namespace disco::property
