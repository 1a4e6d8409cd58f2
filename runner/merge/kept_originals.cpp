#include "runner/merge/kept_originals.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/tree_walk.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace disco::merge {
namespace {

using model::ObjectSource;
using Paths = std::set<std::string, std::less<>>;

Paths originals_in_layer(const model::PreparedPlan& plan) {
    Paths paths;
    for (const model::PreparedStep& step : plan.live)
        if (const auto* exchange = std::get_if<model::PreparedExchange>(&step);
            exchange != nullptr && exchange->from.where == ObjectSource::Where::layer)
            paths.insert(exchange->from.path);
    return paths;
}

/// Adds up objects, each with all it holds.
class Bytes {
public:
    void add(int directory, const std::string& name) {
        const auto status = sys::stat_at(directory, name);
        if (!status) return;
        add(*status);
        if (!S_ISDIR(status->st_mode)) return;
        sys::TreeWalk walk{sys::open_beneath(directory, name, O_RDONLY | O_DIRECTORY), name};
        while (walk.next()) {
            if (!walk.found()) continue;
            if (const auto inner = sys::stat_at(walk.directory(), walk.name())) add(*inner);
            if (walk.type() == DT_DIR) walk.enter();
        }
    }
    [[nodiscard]] std::uint64_t all() const noexcept { return bytes_; }

private:
    void add(const struct stat& status) {
        if (S_ISDIR(status.st_mode)) return;
        if (status.st_nlink > 1 && !linked_.emplace(status.st_dev, status.st_ino).second) return;
        constexpr std::uint64_t large = std::uint64_t{1} << 20, block = 512; // of st_blocks (stat(2))
        const auto size = static_cast<std::uint64_t>(status.st_size);
        bytes_ += size <= large ? size : std::min(size, static_cast<std::uint64_t>(status.st_blocks) * block);
    }

    std::uint64_t bytes_ = 0;
    std::set<std::pair<dev_t, ino_t>> linked_;
};

} // namespace

void remove_all_but_originals(const model::PreparedPlan& plan, int layer) {
    const Paths originals = originals_in_layer(plan);
    const auto has_original_in = [&](const std::string& directory) {
        const auto inside = originals.lower_bound(directory + "/");
        return inside != originals.end() && inside->starts_with(directory + "/");
    };
    sys::TreeWalk walk{sys::open_beneath(layer, ".", O_RDONLY | O_DIRECTORY), "the layer"};
    while (walk.next()) {
        if (!walk.found() || originals.contains(walk.path())) continue;
        if (walk.type() == DT_DIR && has_original_in(walk.path()))
            walk.enter();
        else
            sys::remove_tree_at(walk.directory(), walk.name());
    }
}

std::uint64_t bytes_of_originals(const model::PreparedPlan& plan, int layer, int kept) {
    DirectoryCache in_layer{sys::open_beneath(layer, ".", O_RDONLY | O_DIRECTORY)};
    Bytes bytes;
    for (const model::PreparedStep& step : plan.live) {
        if (const auto* remove = std::get_if<model::Remove>(&step)) bytes.add(kept, remove->kept_as);
        const auto* exchange = std::get_if<model::PreparedExchange>(&step);
        if (exchange == nullptr) continue;
        if (exchange->from.where == ObjectSource::Where::staging) {
            bytes.add(kept, exchange->from.path);
        } else {
            const DirectoryCache::Place place = in_layer.parent_of(exchange->from.path);
            bytes.add(place.directory, place.name);
        }
    }
    return bytes.all();
}

} // namespace disco::merge
