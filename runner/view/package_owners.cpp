#include "runner/view/package_owners.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"

#include <cstddef>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace disco::view {
namespace {

constexpr std::size_t largest_list = std::size_t{64} << 20;

model::ObjectType type_of(const model::Change& change) {
    return (change.after ? change.after : change.before)->type;
}

} // namespace

std::string_view PackageOwners::owner_of(const model::Change& change) {
    const model::ObjectType type = type_of(change);
    if (!report::is_package_place(change.path)) return {};
    // A directory that stays is many packages'. What dpkg notes is in plain files.
    if (type == model::ObjectType::directory && change.before && change.after) return {};
    if (type != model::ObjectType::file && sys::is_below(change.path, report::package_lists)) return {};
    return owner_of_file(change.path);
}

std::string_view PackageOwners::owner_of_file(std::string_view path) {
    if (!report::is_package_place(path)) return {};
    read_all_lists();
    return files_.owner_of(path);
}

void PackageOwners::read_all_lists() {
    const std::size_t mount = layers_.mount_of(report::package_lists);
    std::string_view path = report::package_lists.substr(layers_.managed()[mount].inside.size());
    if (path.empty()) path = "/."; // a mount of their own
    if (!read_live_) read_lists(layers_.managed()[mount].live, path);
    read_live_ = true;
    if (!read_layer_ && layers_.has_upper(mount)) read_lists(layers_.upper(mount), path);
    read_layer_ = true;
}

/// A script may have made anything of them.
void PackageOwners::read_lists(const std::filesystem::path& top, std::string_view path) {
    const std::filesystem::path shown = top.string() + std::string{path};
    const sys::UniqueFd root = sys::open_directory(top);
    const sys::UniqueFd probe = sys::try_open_in_root(root.get(), path, O_PATH);
    struct stat status = {};
    if (!probe) return;
    sys::check(::fstat(probe.get(), &status), "stat", shown);
    if (!S_ISDIR(status.st_mode)) return;
    const sys::UniqueFd directory = sys::open_beneath(probe.get(), ".", O_RDONLY | O_DIRECTORY);
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory.get(), shown)) {
        if (entry.type != DT_REG || !entry.name.ends_with(".list")) continue;
        const sys::UniqueFd file =
            sys::try_open_beneath(directory.get(), entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (!file) continue; // the live root is somebody else's to change, too
        files_.add_list(report::package_of_entry(entry.name),
                        sys::read_all(file.get(), shown / entry.name, largest_list));
    }
}

} // namespace disco::view
