#pragma once

#include "policy/confine_process.hpp"
#include "runner/sandbox/mount_plan.hpp"
#include "runner/sandbox/protocol.hpp"

#include <csignal>
#include <cstddef>

// Runs in the child, between clone and exec: no allocation, no exception, no log. Everything it needs was
// made by the parent before the clone and is only read here.
namespace disco::sandbox {

/// One program, as plain memory.
struct ProgramView {
    const char* path = nullptr; ///< in the view
    char* const* argv = nullptr;
    char* const* environment = nullptr;
    bool separate_standard_output = false; ///< standard output to fd::standard_output, else to fd::output
    bool terminal = false;      ///< all three to fd::terminal, which becomes its controlling terminal
    bool readonly_view = false; ///< may write only to /tmp and /dev/shm
    policy::ConfinementView confinement; ///< on top of the sandbox's
};

struct LaunchView {
    int control = -1, log = -1;  ///< the parent's descriptors, and so are these:
    int input = -1, broker = -1; ///< -1: none
    int output[max_lanes] = {}, standard_output[max_lanes] = {};
    int lanes = 1;
    int user_namespace = -1;    ///< for programs; -1: this one
    int network_namespace = -1; ///< to join; -1: stay where clone has put us
    bool bring_up_loopback = false;
    const char* layers_directory = nullptr;
    const char* memory = nullptr; ///< see SandboxSpec; none: null
    const MountPlans* mounts = nullptr;
    policy::ConfinementView confinement; ///< of everything in the sandbox
    const ProgramView* programs = nullptr;
    int program_count = 0;
    char* command_line = nullptr; ///< the caller's words in memory, which /proc/1/cmdline would show
    std::size_t command_line_size = 0;
};

/// Ctrl-C and its like are for the parent, which ends PID 1 in good order.
inline constexpr int ignored_by_pid1[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

/// PID 1 of a sandbox: sets up what needs no layer, obeys commands until the control socket closes.
[[noreturn]] void run_pid1(const LaunchView& launch) noexcept;

/// Sends a message to the parent, with a descriptor unless that is -1. False with errno.
bool send_with(const Message& message, int descriptor) noexcept;

/// Why the mounts could not be made; step -1 when all were.
struct MountFailure {
    int step = -1;
    int error = 0;
};
/// `slots`: what `clone` and `take` hold until `attach`, from one plan to the next.
[[nodiscard]] MountFailure make_mounts(const MountPlan& plan, int (&slots)[max_slots]) noexcept;

/// Leaves a second mount namespace at fd::mount_namespace: the view as it is, but only /tmp and /dev/shm can
/// be written in it. A false answer leaves errno.
[[nodiscard]] bool make_readonly_view() noexcept;

/// Makes a terminal in the sandbox's own /dev/pts (pty(7)): the programs' side goes to fd::terminal, the
/// other one is the answer. -1 with errno.
[[nodiscard]] int make_terminal() noexcept;

/// Becomes the program, in the user namespace at fd::users if `own_users`, by an exec that the parent hears
/// of unless it is `unheard`. Returns only on failure, with errno set.
[[nodiscard]] Stage become(const ProgramView& program, const policy::ConfinementView& sandbox, bool own_users,
                           int lane, bool unheard) noexcept;

} // namespace disco::sandbox
