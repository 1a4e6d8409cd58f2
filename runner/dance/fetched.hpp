#pragma once

#include "runner/dance/dance.hpp"
#include "runner/fetch/parameter_tree.hpp"
#include "runner/model/run_order.hpp"
#include "runner/module/module_contents.hpp"
#include "runner/run/run.hpp"
#include "runner/run/settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace disco::dance {

/// All that was fetched for one dance, in order and with its secrets decrypted.
struct Fetched {
    std::vector<std::string> order;
    model::RequirementTable table;
    fetch::ParameterTree parameters; ///< effective: module defaults, inherits, the node's, local ones
    std::map<std::string, module::ModuleContents> modules;
    run::ClientSettings settings;
};

/// Fetches what the node wants. From then on the run's secrets are known, and kept out. Throws sys::Error: of
/// what is wrong with modules and parameters, all at once.
[[nodiscard]] Fetched fetch_all(const DanceOptions& options, const run::Run& run);

} // namespace disco::dance
