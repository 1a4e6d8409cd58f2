#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace disco::cli {

struct PolicyOptions {
    std::string verb;                 ///< show check
    std::string profile;              ///< of show; empty: all
    std::vector<std::string> command; ///< of check
    bool scripts = false;             ///< of check: what is remembered of scripts
    bool forget = false;              ///< of check --scripts
};

/// Adds `policy` with its verbs; returns the verbs. Only what CLI11 needs.
[[nodiscard]] std::vector<CLI::App*> add_policy_verbs(CLI::App& app, PolicyOptions& options);

} // namespace disco::cli
