#pragma once

#include "runner/sandbox/mount_plan.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace disco::dance {

/// A layer that scripts have changed, with guards below it.
struct GuardedLayer {
    std::filesystem::path upper; ///< of the begun layer
    std::filesystem::path kept;  ///< of the kept one; empty: none
    std::filesystem::path live;
    std::string prefix; ///< path of the mount in the tree: "", "/usr"
};

/// Removes what guards have left in a layer, so that they never reach the live root. A script that changes
/// the metadata of a guarded command has copied its guard up: that entry gets the real command's bytes, so
/// that a change of metadata is all that is left of it. Where the command is a symbolic link, the entry goes.
///
/// Returns the paths (in the tree) of other files with a guard's bytes: copies that a script has made in the
/// belief that they were the command. `guard_bytes`: what a guard consists of. Throws SysError.
[[nodiscard]] std::vector<std::string> remove_guard_traces(const GuardedLayer& layer,
                                                           const sandbox::ViewSpec::Guard& guard,
                                                           std::string_view guard_bytes);

} // namespace disco::dance
