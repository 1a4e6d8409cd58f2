#include "runner/merge/prepared_tree.hpp"

#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

std::uint64_t mount_id(int directory) {
    struct statx status = {};
    sys::check(::statx(directory, "", AT_EMPTY_PATH, STATX_MNT_ID, &status), "look at a mount");
    return status.stx_mnt_id;
}

} // namespace

PreparedTree::PreparedTree(const TreeToMerge& tree, const std::filesystem::path& staging)
    : tree_{tree},
      staging_path_{staging},
      plan_{model::plan_merge(*tree.composition)},
      live_{sys::open_directory(tree.live)},
      layer_{sys::open_directory(tree.layer)} {
    sys::make_directories(staging_path_, 0700);
    staging_ = DirectoryCache{sys::open_directory(staging_path_)};
}

DirectoryCache::Place PreparedTree::place_of(const model::ObjectSource& source) {
    const bool staged = source.where == model::ObjectSource::Where::staging;
    return (staged ? staging_ : layer_).parent_of(source.path);
}

void PreparedTree::prepare() {
    for (const std::string& path : plan_.clean) {
        const DirectoryCache::Place place = layer_.parent_of(path);
        remove_bookkeeping(place.directory, place.name);
    }
    layer_.reset();
    if (plan_.live.empty()) return;
    if (!on_one_mount()) copy_aside();
    keep_ = sys::UniqueFd{::openat(staging_.root(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!keep_) throw sys::SysError{errno, "open", staging_path_};
    sync();
}

bool PreparedTree::on_one_mount() const {
    return mount_id(live_.root()) == mount_id(staging_.root()) &&
           mount_id(live_.root()) == mount_id(layer_.root());
}

/// rename(2) does not cross mounts, so the objects are first copied to the far side. The directory is private
/// and goes at the end, with the originals that have come into it.
void PreparedTree::copy_aside() {
    aside_ = sys::OwnedDirectory{tree_.live, ".disco-"};
    DirectoryCache aside{sys::open_directory(aside_.path())};
    ObjectCopy copier;
    std::size_t number = 0;
    const auto copy = [&](model::ObjectSource& source) {
        const std::string name = fmt::format("c{}", number++);
        const DirectoryCache::Place from = place_of(source);
        copier.copy(from.directory, from.name, aside.root(), name);
        source = {model::ObjectSource::Where::staging, name};
    };
    for (model::LiveStep& step : plan_.live) {
        if (auto* put = std::get_if<model::PutNew>(&step)) copy(put->from);
        if (auto* exchange = std::get_if<model::Exchange>(&step)) copy(exchange->from);
    }
    // What SetMetadata takes its values from stays where it is: nothing is renamed for it.
    staging_ = std::move(aside);
}

void PreparedTree::sync() const { sys::check(::syncfs(live_.root()), "sync the file system of", tree_.live); }

std::string PreparedTree::shown(const std::string& path) const {
    return sys::printable(tree_.prefix + "/" + path);
}

} // namespace disco::merge
