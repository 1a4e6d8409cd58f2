#pragma once

#include "runner/fetch/parameter_tree.hpp"
#include "runner/model/sandbox_settings.hpp"

#include <chrono>
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
    std::chrono::seconds fetch_timeout{60};            ///< disco/client/fetch_timeout, seconds
};

/// Throws BadConfiguration that names the parameter. Pure.
[[nodiscard]] ClientSettings client_settings(const fetch::ParameterTree& parameters);

} // namespace disco::dance
