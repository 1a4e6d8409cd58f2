#pragma once

#include "runner/overlay/layers.hpp"

#include <cstddef>

namespace disco::overlay {

/// Whether others may search all directories of the tree above a managed mount: as they were before the begun
/// layer, and as it leaves them. They belong to other mounts and their layers.
struct WayAbove {
    bool before = true, after = true;
};

/// Reads the layers and the live root. Throws SysError.
[[nodiscard]] WayAbove way_above(const Layers& layers, std::size_t mount);

} // namespace disco::overlay
