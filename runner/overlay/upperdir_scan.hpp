#pragma once

#include "runner/model/change.hpp"
#include "runner/model/composition.hpp"
#include "runner/model/owner_names.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace disco::overlay {

/// One layer of one managed mount, no longer mounted.
struct LayerToScan {
    std::filesystem::path live;  ///< the managed mount's root directory on the live root
    std::string prefix;          ///< its path inside the live root: "" for the root itself, "/home"
    std::filesystem::path upper; ///< what is scanned
    std::filesystem::path kept;  ///< the earlier layers, squashed, that `upper` stands on; empty: none
    const model::OwnerNames* owners_before = nullptr;
    const model::OwnerNames* owners_after = nullptr;
};

/// Compares an upperdir with what lies below it (the kept layer over the live root), gives every
/// difference to `sink` in path order (names that only became or ceased to be links come last), and enters it
/// into `composition`. Reads the live root and the layers, changes nothing. Throws SysError; also Error when
/// an entry cannot be brought to a live root at all (overlay features that disco's mounts do not use:
/// redirect, metacopy).
void scan_layer(const LayerToScan& layer, model::Composition& composition,
                const std::function<void(model::Change&&)>& sink);

} // namespace disco::overlay
