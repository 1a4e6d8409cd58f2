#pragma once

#include "runner/model/change.hpp"
#include "runner/model/composition.hpp"
#include "runner/model/owner_names.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sys/error.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>

namespace disco::overlay {

/// One layer of one managed mount, no longer mounted.
struct LayerToScan {
    std::filesystem::path live;  ///< the managed mount's root directory on the live root
    std::string prefix;          ///< its path inside the live root: "" for the root itself, "/home"
    std::filesystem::path upper; ///< what is scanned
    std::filesystem::path base;  ///< the earlier layers, squashed, that `upper` stands on; empty: none
    /// Others may search the directories above `live`, before and after the layer.
    bool public_before = true, public_after = true;
    bool shows_redacted = false; ///< also the content that not everybody may read
    const model::OwnerNames* owners_before = nullptr;
    const model::OwnerNames* owners_after = nullptr;
    /// CLOCK_REALTIME before the first look at the live root, for what is going to be merged; zero: what
    /// somebody else renames meanwhile is not noticed.
    timespec started = {};
    bool with_times = false; ///< that were set and are all that differs: see `scan_layer`
};

/// Somebody else has changed what the layer stands on, or keeps it from being read, so that nobody can know
/// what the layer changes.
class ChangedMeanwhile : public sys::Error {
public:
    explicit ChangedMeanwhile(model::Conflict conflict)
        : sys::Error{conflict.path + ": expected " + conflict.expected + ", found: " + conflict.found},
          conflict_{std::move(conflict)} {}
    [[nodiscard]] const model::Conflict& conflict() const noexcept { return conflict_; }

private:
    model::Conflict conflict_;
};

/// Compares an upperdir with what lies below it (the base layer over the live root), gives every
/// difference to `sink` in path order (names that only became or ceased to be links come last), and enters it
/// into `composition`. Times alone are no difference, but are entered, too; then it returns true. Reads the
/// live root and the layers, changes nothing. Throws SysError; ChangedMeanwhile; also Error when an entry
/// cannot be brought to a live root at all (overlay features that disco's mounts do not use: redirect,
/// metacopy).
bool scan_layer(const LayerToScan& layer, model::Composition& composition,
                const std::function<void(model::Change&&)>& sink);

} // namespace disco::overlay
