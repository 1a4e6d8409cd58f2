#pragma once

#include "runner/model/change.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/overlay/upperdir_scan.hpp"

#include <optional>
#include <string>

namespace disco::overlay {

[[nodiscard]] std::optional<model::ObjectState> state_of(const std::optional<ReadObject>& object);

/// One side of a difference.
struct Side {
    const std::optional<ReadObject>& object;
    bool is_public; ///< others may search the directories above it
};

/// What the report says of a difference at `path`, relative to the layer's mount. Its content is shown only
/// if everybody could read it before and can read it after, or the layer's `shows_redacted` says so. Throws
/// SysError; Error as content_diff().
[[nodiscard]] model::Change reported_change(const LayerToScan& layer, const std::string& path,
                                            const Side& before, const Side& after, model::ChangeKind kind);

} // namespace disco::overlay
