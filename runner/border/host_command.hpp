#pragma once

#include "runner/sys/program.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace disco::border {

/// Where commands of the host are run: the live root, by a helper program beside disco's data.
struct Host {
    std::filesystem::path root = "/";
    std::filesystem::path helper; ///< LIB/disco-on-host
};

enum class HostAccess {
    query, ///< nothing can be written
    action,
};

/// Runs a command of the live root outside of any sandbox, with a clean environment and an empty standard
/// input. On a root other than '/' it gets namespaces of its own and acts on that tree alone. Throws
/// sys::Interrupted, and SysError when the helper cannot be started; a command that is not there ends with
/// 127.
[[nodiscard]] sys::ProgramResult run_on_host(const Host& host, HostAccess access,
                                             const std::vector<std::string>& argv,
                                             std::chrono::milliseconds timeout);

} // namespace disco::border
