#pragma once

#include "runner/fetch/parameter_tree.hpp"
#include "runner/model/sandbox_settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace disco::dance {

/// The client's own settings, from the parameters below disco/.
struct ClientSettings {
    std::string server = "/srv/disco/universe"; ///< disco/server/uri
    std::vector<std::string> rsync = {"rsync"}; ///< disco/client/cmds/rsync, words with shell quoting
    model::ScriptProfile profile = model::ScriptProfile::automatic;
    model::Network network = model::Network::isolated; ///< disco/client/network
    std::chrono::seconds script_timeout{900};          ///< disco/client/timeout, seconds
    std::size_t undo_runs = 5;       ///< disco/client/undo/runs: how many runs can be rolled back
    std::uint64_t undo_mib = 1024;   ///< disco/client/undo/mib: what their originals take together, MiB
    std::size_t report_runs = 1000;  ///< disco/client/reports/runs: how many reports are kept
    std::uint64_t report_mib = 1024; ///< disco/client/reports/mib: what they take together, MiB
    std::chrono::seconds fetch_timeout{60}; ///< disco/client/fetch_timeout, seconds
};

/// Throws BadConfiguration that names the parameter. Pure.
[[nodiscard]] ClientSettings client_settings(const fetch::ParameterTree& parameters);

} // namespace disco::dance
