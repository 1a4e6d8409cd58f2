#pragma once

#include "policy/guarded_commands.hpp"
#include "runner/overlay/mount_class.hpp"
#include "runner/sandbox/mount_plan.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::dance {

/// Where guarded commands are in a live root.
struct Guards {
    std::vector<sandbox::ViewSpec::Guard> by_mount; ///< of each managed mount; directory empty: none there
    std::vector<std::string> real;                  ///< host paths of those that the shim may run
};

/// Looks for the commands in the usual directories of the live root, the way a shell would. Only those that
/// are there are guarded. `managed`: the live root first. Throws SysError.
[[nodiscard]] Guards find_guards(const std::filesystem::path& root,
                                 const std::vector<overlay::ClassifiedMount>& managed,
                                 const policy::GuardedCommands& commands);

} // namespace disco::dance
