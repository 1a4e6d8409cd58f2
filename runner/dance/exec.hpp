#pragma once

#include "runner/run/run_options.hpp"
#include "runner/run/run_record.hpp"

#include <functional>
#include <string>
#include <vector>

namespace disco::dance {

struct ExecOptions : run::CommonOptions {
    enum class Kind { command, shell } kind = Kind::command;
    enum class Merge {
        never,  ///< --noop
        always, ///< --merge
        ask,    ///< neither: `ask` decides
    } merge = Merge::ask;
    std::vector<std::string> command;  ///< of What::command
    std::chrono::seconds timeout{900}; ///< of a command; a shell has none
    /// The profile of a no-op's command. Strict: it is run as the only line of a strict script. Otherwise it
    /// is run as simulate, because nothing says whether a strict script could hold it.
    std::optional<model::ScriptProfile> profile;
    /// For a shell: a person's terminal, borrowed; -1: its commands come from standard input.
    int terminal = -1;
    std::string terminal_type;              ///< TERM
    std::function<void()> on_start, on_end; ///< called right before the program and after it; may be empty
    /// Asked with the result, before anything is merged; empty means no.
    std::function<bool(const run::Result&)> ask;
};

/// Runs one command, or a shell, as a module without a name, in a sandbox on the live root; merges what it
/// changed when asked to. A command that fails merges nothing; how a shell exits says nothing of what was
/// done in it, unless a signal ended it. The report is stored like a dance's. Throws as `dance` does.
[[nodiscard]] run::Result exec(const ExecOptions& options);

} // namespace disco::dance
