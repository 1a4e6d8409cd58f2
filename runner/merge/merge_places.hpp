#pragma once

#include "runner/merge/directory_cache.hpp"
#include "runner/model/merge_plan.hpp"

#include <string>

namespace disco::merge {

/// The directories between which the steps of one managed mount move objects.
class MergePlaces {
public:
    /// `prefix`: the mount's path inside the live root, for messages. `live`: its top directory.
    MergePlaces(std::string prefix, sys::UniqueFd live, sys::UniqueFd layer, sys::UniqueFd staging);

    /// The same ones, for another thread. Throws SysError.
    [[nodiscard]] MergePlaces another() const;

    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
    [[nodiscard]] DirectoryCache& live() noexcept { return live_; }
    [[nodiscard]] DirectoryCache& layer() noexcept { return layer_; }
    /// Holds what is removed from the live root, and copies of what comes to it from another file system.
    [[nodiscard]] int staging() const noexcept { return staging_.root(); }
    void move_staging(sys::UniqueFd staging);

    /// Where an object lies before its step and, if it is exchanged, the original after it. Throws SysError.
    [[nodiscard]] DirectoryCache::Place place_of(const model::ObjectSource& source);
    /// Forgets open directories: something may have been moved.
    void reset() noexcept;
    void sync() const;
    /// Path of a step's target inside the live root, for messages.
    [[nodiscard]] std::string shown(const std::string& path) const;

private:
    MergePlaces(std::string prefix, DirectoryCache live, DirectoryCache layer, DirectoryCache staging)
        : prefix_{std::move(prefix)},
          live_{std::move(live)},
          layer_{std::move(layer)},
          staging_{std::move(staging)} {}

    std::string prefix_;
    DirectoryCache live_, layer_, staging_;
};

} // namespace disco::merge
