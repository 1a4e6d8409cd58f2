#pragma once

#include "runner/overlay/below_view.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/overlay/upperdir_scan.hpp"
#include "runner/sys/unique_fd.hpp"

#include <functional>
#include <string>

namespace disco::overlay {

/// A directory that was below a layer and is gone.
struct DeletedDirectory {
    std::string path;   ///< relative to the mount
    sys::UniqueFd live; ///< its live counterpart; empty: there is none, or it was hidden before
    bool is_public;     ///< others may search it and all directories above it
};

/// Gives everything that was in it to `sink` as deleted, at any depth and in path order; the directory itself
/// is decided already. Throws SysError; ChangedMeanwhile; Error where a path is longer than a path can be.
void report_deleted(const LayerToScan& layer, const model::Composition& composition, const BelowView& below,
                    DeletedDirectory top, ObjectReader& reader,
                    const std::function<void(model::Change&&)>& sink);

} // namespace disco::overlay
