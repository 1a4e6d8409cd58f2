#pragma once

#include "runner/model/run_report.hpp"
#include "runner/sandbox/sandbox.hpp"

#include <string>
#include <string_view>

namespace disco::dance {

/// Where a shell gets its commands from.
enum class ShellInput {
    terminal, ///< it is interactive
    stream,   ///< its standard input is no terminal
};

/// Makes `program`, whose environment is complete otherwise, the shell at `path` of the view.
/// `terminal_type`: the caller's TERM, which is passed when it looks like one. Pure.
void make_shell(sandbox::Program& program, const std::string& path, ShellInput input, model::RunMode mode,
                std::string_view terminal_type);

} // namespace disco::dance
