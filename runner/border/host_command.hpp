#pragma once

#include "runner/model/run_report.hpp"
#include "runner/sys/program.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::border {

/// Where commands of the host are run: the live root, by a helper program beside disco's data.
struct Host {
    std::filesystem::path root = "/";
    std::filesystem::path helper;              ///< LIB/disco-on-host
    std::vector<std::filesystem::path> hidden; ///< directories that are empty for a question: disco's state
};

/// What the helper is called with.
struct HostCommand {
    std::vector<std::string> argv, environment;
};

/// A question of the sandbox's to the machine. It runs in a cell: as a user without rights but for `needs`
/// (their names as in a grammar: "read-all", …), and nothing can be written. `shim`: the process of the
/// machine that stands for it in the sandbox, and is not shown to it; 0: none. Pure.
[[nodiscard]] HostCommand question(const Host& host, const std::vector<std::string>& argv,
                                   const std::vector<std::string>& needs, pid_t shim);

/// Runs a command on the live root outside of any sandbox, as root, as it was asked for. On a root other than
/// '/' it gets namespaces of its own and acts on that tree alone. A command that is not there ends with 127.
/// Throws sys::Interrupted, and SysError when the helper cannot be started.
[[nodiscard]] sys::ProgramResult run_action(const Host& host, const std::vector<std::string>& argv,
                                            const model::ActionContext& context,
                                            std::chrono::milliseconds timeout);

} // namespace disco::border
