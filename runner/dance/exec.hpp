#pragma once

#include "runner/dance/options.hpp"
#include "runner/dance/run_record.hpp"

#include <functional>
#include <string>
#include <vector>

namespace disco::dance {

struct ExecOptions : CommonOptions {
    enum class Merge {
        never,  ///< --noop
        always, ///< --merge
        ask,    ///< neither: `confirm` decides
    } merge = Merge::ask;
    std::vector<std::string> command;
    std::chrono::seconds timeout{900};
    /// Asked with the result of the command, before anything is merged; empty means no.
    std::function<bool(const Result&)> confirm;
};

/// Runs one command as a module without a name, in a sandbox on the live root; merges what it changed when
/// asked to. The report is stored like a dance's. Throws as `dance` does.
[[nodiscard]] Result exec(const ExecOptions& options);

} // namespace disco::dance
