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

/// The same in what modules have left so far: commands that the live root does not have, or has otherwise.
/// Their guards stand above the kept layer (Guard::directory starts with place::kept_guard). `kept`: the kept
/// layer's upperdir of each managed mount. Throws SysError.
[[nodiscard]] Guards find_kept_guards(const std::filesystem::path& root,
                                      const std::vector<overlay::ClassifiedMount>& managed,
                                      const std::vector<std::filesystem::path>& kept,
                                      const policy::GuardedCommands& commands);

} // namespace disco::dance
