#pragma once

#include "runner/sandbox/protocol.hpp"
#include "runner/sandbox/sandbox.hpp"

namespace disco::sandbox {

/// A started PID 1 and the parent's ends.
struct LaunchedProcess {
    pid_t pid = -1;
    sys::UniqueFd pidfd, control;
    std::vector<Lane> lanes;
    InputPipe input; ///< when the spec has an input
};

/// Makes the namespaces and PID 1, which goes on by itself and sends nothing unless that fails. The programs
/// and plans of `spec` are passed by the copy of memory that clone(2) makes. `log` is bound. Throws SysError.
[[nodiscard]] LaunchedProcess launch(const SandboxSpec& spec, const LogSink& log);

/// For people, with the remedy where the kernel's word misleads.
[[nodiscard]] std::string explain_setup_failure(const Message& message, const MountPlan& entered,
                                                const MountPlans& mounts);
[[nodiscard]] std::string explain_start_failure(const Message& message, const Program& program);

} // namespace disco::sandbox
