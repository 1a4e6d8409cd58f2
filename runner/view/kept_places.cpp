#include "runner/view/kept_places.hpp"

#include "policy/walls.hpp"
#include "runner/model/command_hint.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::view {
namespace {

using overlay::MountClass;

/// Every view has these mounts of its own, which cannot be moved; what is below them is not the tree's.
constexpr std::array<std::string_view, 5> own_trees = {"/proc", "/sys", "/dev", "/tmp", "/run"};

bool is_in_own_tree(const std::string& path) {
    return std::any_of(own_trees.begin(), own_trees.end(),
                       [&](std::string_view tree) { return sys::is_at_or_below(path, tree); });
}

/// Empty when there is no such directory in the view, or a symlink leads there.
sys::UniqueFd directory_in(int view, const std::string& path) {
    const std::string below = path.empty() ? "." : path.substr(1);
    try {
        return sys::try_open_beneath(view, below, O_PATH | O_DIRECTORY);
    } catch (const sys::SysError& error) {
        if (error.code() != ELOOP && error.code() != ENOTDIR) throw;
        return {};
    }
}

/// The path that is not as it was: the place, or the topmost directory above it that is gone.
std::optional<std::string> moved(int view, const KeptPlace& place) {
    for (std::size_t end = place.path.find('/', 1); end != std::string::npos;
         end = place.path.find('/', end + 1))
        if (const std::string above = place.path.substr(0, end); !directory_in(view, above)) return above;
    const std::filesystem::path path{place.path};
    const std::string parent = path.parent_path() == "/" ? "" : path.parent_path().string();
    const sys::UniqueFd directory = directory_in(view, parent);
    const std::string name = path.filename();
    const bool there = place.shown ? sys::is_mount_point_at(directory.get(), name)
                                   : sys::stat_at(directory.get(), name).has_value();
    return there ? std::nullopt : std::optional{place.path};
}

std::string objection(const KeptPlace& place, const std::string& moved) {
    const std::string path = sys::printable(place.path), other = sys::printable(moved);
    const std::string done = fmt::format("'{}' was renamed, removed or replaced in the sandbox", other);
    if (place.kind == KeptPlace::Kind::state)
        return fmt::format(
            "{}, and disco's state is in '{}', which has to stay in its place. What to do: leave "
            "'{}' as it is, or keep the state elsewhere (--state-dir)",
            done, path, other);
    return fmt::format(
        "{}, and '{}' is a mount point, which a merge cannot move. What to do: leave '{}' as it "
        "is, or unmount '{}' before",
        done, path, other, path);
}

} // namespace

std::vector<KeptPlace> kept_places(const std::vector<overlay::ClassifiedMount>& mounts,
                                   const std::vector<std::string>& hidden) {
    std::vector<KeptPlace> places;
    for (const std::string& path : hidden)
        if (!is_in_own_tree(path))
            places.push_back({KeptPlace::Kind::state, path, policy::wall_stands(policy::Wall::masks)});
    for (const overlay::ClassifiedMount& mount : mounts) {
        if (mount.inside.empty() || is_in_own_tree(mount.inside) || mount.kind == MountClass::private_)
            continue;
        const auto covers = [&](std::string_view path) { return sys::is_below(mount.inside, path); };
        if (covers(model::default_state_directory) || std::any_of(hidden.begin(), hidden.end(), covers))
            continue;
        const bool shown = mount.kind != MountClass::kernel && mount.kind != MountClass::closed;
        places.push_back({KeptPlace::Kind::mount, mount.inside, shown});
    }
    return places;
}

void expect_kept_places(int view, const std::vector<KeptPlace>& places) {
    for (const KeptPlace& place : places)
        if (const auto path = moved(view, place)) throw sys::Error{objection(place, *path)};
}

} // namespace disco::view
