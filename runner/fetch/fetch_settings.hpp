#pragma once

#include "runner/fetch/server_uri.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace disco::fetch {

struct FetchSettings {
    ServerUri server;
    std::vector<std::string> rsync = {"rsync"}; ///< the command's words
    std::chrono::seconds timeout{60};           ///< without any data, then the server counts as gone
    /// All runs of rsync together, those that are repeated too; then the server counts as gone, whatever it
    /// still sends.
    std::chrono::seconds limit{3600};
    std::size_t parallel = 8; ///< connections at a time, in the one-rsync-module-per-module layout
    bool offline = false;     ///< use the last good copy, open no connection
};

} // namespace disco::fetch
