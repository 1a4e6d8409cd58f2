#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace disco::cli {

struct ParamOptions {
    std::string verb; ///< get has set keys dump delete explain
    std::string key;
    std::string value;
    bool has_value = false;
    bool recursive = false;
    bool show_secrets = false;
};

/// Adds `param` with its verbs; returns the verbs. Only what CLI11 needs.
[[nodiscard]] std::vector<CLI::App*> add_param_verbs(CLI::App& app, ParamOptions& options);

} // namespace disco::cli
