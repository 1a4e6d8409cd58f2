#pragma once

#include "runner/cli/options.hpp"
#include "runner/model/command_hint.hpp"

#include <string>
#include <vector>

namespace disco::cli {

/// What several commands take, as it was given.
struct GivenValues {
    std::string root = "/", state_dir = model::default_state_directory, node, network, color = "auto",
                profile, log_level;
    std::vector<std::string> modules, only;
    int wait = 0, confirm = 0; ///< seconds
    bool noop = false, merge = false, detailed_exitcode = false, allow_reboot = false, show_secrets = false;
};

/// Gives the commands' options their values. Throws UsageError for what CLI11 cannot check. Looks at the
/// current directory.
[[nodiscard]] Options complete(Options options, GivenValues values);

} // namespace disco::cli
