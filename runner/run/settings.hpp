#pragma once

#include "runner/fetch/decryption.hpp"
#include "runner/fetch/parameter_store.hpp"
#include "runner/fetch/parameter_tree.hpp"
#include "runner/model/sandbox_settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace disco::run {

/// The client's own settings, from the parameters below disco/ of the machine and of the node.
struct ClientSettings {
    std::string server = "/srv/disco/universe"; ///< disco/server/uri
    std::vector<std::string> rsync = {"rsync"}; ///< disco/client/cmds/rsync, words with shell quoting
    fetch::DecryptCommands decrypt; ///< disco/client/cmds/age and …/gpg, words with shell quoting
    model::ScriptProfile profile = model::ScriptProfile::automatic;
    model::Network network = model::Network::isolated; ///< disco/client/network, of modules that say nothing
    /// What modules may ask for: what this machine says, else egress. Only the machine itself gives them its
    /// own.
    model::Network most_network = model::Network::egress;
    std::chrono::seconds script_timeout{900}; ///< disco/client/timeout, seconds
    std::size_t undo_runs = 5;                ///< disco/client/undo/runs: how many runs can be rolled back
    std::uint64_t undo_mib = 1024;   ///< disco/client/undo/mib: what their originals take together, MiB
    std::size_t report_runs = 1000;  ///< disco/client/reports/runs: how many reports are kept
    std::uint64_t report_mib = 1024; ///< disco/client/reports/mib: what they take together, MiB
    std::chrono::seconds fetch_timeout{60}; ///< disco/client/fetch_timeout, seconds
    std::chrono::seconds fetch_limit{3600}; ///< disco/client/fetch_limit, seconds of the whole fetch
};

/// `own`: the parameters that were set on this machine; `node`: the node's, those of the server with `own`
/// over them, without any module's defaults. Where the universe is, and what is run as root to fetch it, only
/// `own` says. Throws BadConfiguration that names the parameter. Pure.
[[nodiscard]] ClientSettings client_settings(const fetch::ParameterTree& own,
                                             const fetch::ParameterTree& node);

/// As this machine knows them, from the last fetch.
[[nodiscard]] ClientSettings settings_of(const fetch::ParameterStore& store);

/// How secrets are decrypted, as `own` (see client_settings) says. Throws BadConfiguration. Pure.
[[nodiscard]] fetch::DecryptCommands decrypt_commands(const fetch::ParameterTree& own);

/// The node's settings that do not count because the server has set them, and not this machine. Pure.
[[nodiscard]] std::vector<std::string> uncounted_settings(const fetch::ParameterTree& own,
                                                          const fetch::ParameterTree& node);

} // namespace disco::run
