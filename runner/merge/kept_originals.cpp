#include "runner/merge/kept_originals.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/path_length.hpp"
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

#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

using model::ObjectSource;
using Paths = std::set<std::string, std::less<>>;

Paths originals_in_layer(const model::PreparedPlan& plan) {
    Paths paths;
    for (const model::PreparedStep& step : plan.live)
        if (const auto* exchange = std::get_if<model::PreparedExchange>(&step);
            exchange != nullptr && exchange->from.where == ObjectSource::Location::layer)
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
        // Whoever has it open may go on moving directories to where the walk has not come to yet.
        constexpr std::size_t most = 10'000'000;
        for (std::size_t seen = 0; seen < most && walk.next();) {
            if (!walk.found()) continue;
            ++seen;
            if (const auto inner = sys::stat_at(walk.directory(), walk.name())) add(*inner);
            if (walk.type() == DT_DIR && walk.path().size() < sys::longest_path) walk.enter();
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
        if (const std::string* original = model::staged_original(step)) {
            bytes.add(kept, *original);
        } else if (const auto* exchange = std::get_if<model::PreparedExchange>(&step)) {
            const DirectoryCache::Place place = in_layer.parent_of(exchange->from.path);
            bytes.add(place.directory, place.name);
        }
    }
    return bytes.all();
}

void remove_copies(const JournalRecord& record, const UndoStore& store) {
    const std::string& run = record.heading.run;
    for (std::size_t i = 0; i < record.trees.size(); ++i) {
        const std::filesystem::path layer = store.layer(run, i);
        try {
            remove_all_but_originals(record.plans[i], sys::open_directory(layer).get());
        } catch (const sys::Error& error) {
            spdlog::warn("run {} was merged, and copies that nobody needs any more stay in '{}': {}", run,
                         layer.string(), error.full_text());
        }
    }
}

std::uint64_t bytes_kept(const JournalRecord& record, const UndoStore& store) {
    const std::string& run = record.heading.run;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < record.trees.size(); ++i) {
        const std::filesystem::path layer = store.layer(run, i);
        try {
            bytes += bytes_of_originals(record.plans[i], sys::open_directory(layer).get(),
                                        sys::open_directory(store.kept(run, i)).get());
        } catch (const sys::Error& error) {
            spdlog::warn("run {} was merged; how much its originals in '{}' take is not known, so they do "
                         "not count for disco/client/undo/mib: {}",
                         run, layer.parent_path().string(), error.full_text());
        }
    }
    return bytes;
}

std::string live_path(const model::PreparedPlan& plan, const std::string& prefix, const std::string& source) {
    const std::size_t slash = std::min(source.find('/'), source.size());
    const std::string name = source.substr(0, slash);
    for (const model::PreparedStep& step : plan.live)
        if (const std::string* original = model::staged_original(step);
            original != nullptr && *original == name)
            return prefix + "/" + model::path_of(step) + source.substr(slash);
    return source;
}

} // namespace disco::merge
