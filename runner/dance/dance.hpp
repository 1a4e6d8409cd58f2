#pragma once

#include "runner/model/run_report.hpp"
#include "runner/run/run_options.hpp"
#include "runner/run/run_record.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

namespace disco::dance {

/// One dance, as the command line asks for it.
struct DanceOptions : run::CommonOptions {
    model::RunMode mode = model::RunMode::live;
    std::string server; ///< URI; empty: the parameter disco/server/uri, else the default
    std::optional<model::ScriptProfile> profile; ///< of a no-op's scripts; a module's own wins
    std::set<std::string> modules; ///< only these (and what they require); empty: what the node wants
    bool offline = false;
    bool keep_going = false;
    /// Asked in a live dance that would merge or run something, before it does; empty: it need not be asked.
    std::function<bool(const run::Result&)> ask;
    std::filesystem::path save; ///< of a no-op: where its plan is saved; empty: nowhere
};

/// Dances: fetches, orders, does every module's work, and in live mode merges it all or nothing. Whatever
/// ends it is in the result, which is also stored under the state directory. Throws only what makes a run
/// impossible from the start: the state directory cannot be used, the lock is held (TryAgain), the node's
/// name is bad.
[[nodiscard]] run::Result dance(const DanceOptions& options);

} // namespace disco::dance
