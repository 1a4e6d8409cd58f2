#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace disco::cli {

struct ModuleOptions {
    std::string verb;               ///< check new graph
    std::vector<std::string> paths; ///< of check: universes and modules; empty: the current directory
    bool strict = false;            ///< of check: a warning counts as an error
    std::string junit;              ///< of check: a file or "-"; empty: none
    std::string name;               ///< of new
    std::string universe = ".";     ///< of new and graph
    std::string node;               ///< of graph; empty: all modules
    std::string dot, svg;           ///< of graph: a file or "-"; empty: none
};

/// Adds `module` with its verbs; returns the verbs. Only what CLI11 needs.
[[nodiscard]] std::vector<CLI::App*> add_module_verbs(CLI::App& app, ModuleOptions& options);

} // namespace disco::cli
