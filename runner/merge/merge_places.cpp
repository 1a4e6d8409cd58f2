#include "runner/merge/merge_places.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <unistd.h>

namespace disco::merge {

MergePlaces::MergePlaces(std::string prefix, sys::UniqueFd live, sys::UniqueFd layer, sys::UniqueFd staging)
    : MergePlaces{std::move(prefix), DirectoryCache{std::move(live)}, DirectoryCache{std::move(layer)},
                  DirectoryCache{std::move(staging)}} {}

MergePlaces MergePlaces::another() const {
    return {prefix_, live_.another(), layer_.another(), staging_.another()};
}

void MergePlaces::move_staging(sys::UniqueFd staging) { staging_ = DirectoryCache{std::move(staging)}; }

DirectoryCache::Place MergePlaces::place_of(const model::ObjectSource& source) {
    const bool staged = source.where == model::ObjectSource::Location::staging;
    return (staged ? staging_ : layer_).parent_of(source.path);
}

void MergePlaces::reset() noexcept {
    live_.reset();
    layer_.reset();
    staging_.reset();
}

void MergePlaces::sync() const {
    sys::check(::syncfs(live_.root()), "sync the file system of", prefix_.empty() ? "/" : prefix_);
}

std::string MergePlaces::shown(const std::string& path) const { return sys::printable(prefix_ + "/" + path); }

} // namespace disco::merge
