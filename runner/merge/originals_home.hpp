#pragma once

#include "runner/merge/staging_directory.hpp"
#include "runner/model/prepared_plan.hpp"

#include <filesystem>
#include <string>
#include <vector>

// The way of originals from the file system of the live root to the store, at the end of a merge. They may
// lie in directories of somebody else, who has them open and goes on working in them.
namespace disco::merge {

/// An original, or what was in one, that could not be copied.
struct LostOriginal {
    std::string source; ///< its path below the staging directory
    std::string why;
};

/// Copies all that is in a staging directory to `fresh`, which is made anew; on disk when this returns. What
/// its owner keeps from being copied costs itself only, and is in the answer. `shown`: the path of `staging`.
/// Throws NoRoom; SysError; Interrupted.
[[nodiscard]] std::vector<LostOriginal> copy_home(const StagingDirectory& staging,
                                                  const std::filesystem::path& shown,
                                                  const std::filesystem::path& fresh);

/// Whether a plan has put originals into its staging directory and none of them are in `kept`: nor have any
/// been left out for their owner's sake (`left_out`). Throws SysError.
[[nodiscard]] bool are_not_home(const model::PreparedPlan& plan, bool left_out,
                                const std::filesystem::path& kept);

} // namespace disco::merge
