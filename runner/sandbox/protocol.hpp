#pragma once

#include <cstdint>
#include <type_traits>

#include <sys/resource.h>

// What the parent and PID 1 of a sandbox say to each other over a SOCK_SEQPACKET pair. Fixed-size records:
// one message is one record, never cut and never joined.
namespace disco::sandbox {

/// Descriptors in PID 1, after `child_setup` has sorted them.
namespace fd {
constexpr int input = 3; ///< standard input of programs: a pipe, or the view's /dev/null once entered
constexpr int control = 4;
/// PID 1's own; after `enter`, when there are programs with a read-only view, that view's.
constexpr int mount_namespace = 5;
constexpr int broker = 6; ///< the broker's socket, until it has a name
/// The programs' side of the sandbox's own terminal; PID 1 opens it when a program is to have it.
constexpr int terminal = 7;
constexpr int log = 8;   ///< the socket of the log, until it has a name
constexpr int users = 9; ///< the user namespace of programs
/// Two for each lane: where its program writes, and its standard output where that is a value (templates).
constexpr int first_lane = 10;
constexpr int output(int lane) { return first_lane + 2 * lane; }
constexpr int standard_output(int lane) { return first_lane + 2 * lane + 1; }
} // namespace fd

/// Programs that may run at the same time, each in a lane of its own.
constexpr int max_lanes = 4;

enum class Order : std::int32_t { enter, run, kill_others };
struct Command {
    Order order = Order::run;
    std::int32_t index =
        0; ///< of the first program to run, or of the plan to enter by; both were given at launch
    std::int32_t count = 1;    ///< of programs to run together, the first in lane 0
    std::uint32_t unheard = 0; ///< by lane, a bit each: whether its exec passes the token
};

enum class Stage : std::int32_t {
    parent_gone,
    descriptors,
    isolate,
    network,
    ahead, ///< mounts that need no layer
    mounts,
    terminal,
    program,
    users, ///< the user namespace
    privileges,
    exec
};
struct Message {
    enum class Kind : std::int32_t {
        memory, ///< comes with the layer in memory, where there is one
        root,   ///< comes with the root of the view (O_PATH), and is followed by `ready`
        ready,  ///< comes with the other side of fd::terminal, when a program is to have that
        setup_failed,
        listens, ///< comes with a descriptor: see policy::confine_program
        ended,
        others_killed
    };
    Kind kind = Kind::ready;
    Stage stage = Stage::descriptors; ///< of setup_failed
    std::int32_t error = 0;           ///< errno of setup_failed
    std::int32_t step = -1;           ///< mount step of setup_failed, in the plan of its stage
    std::int32_t lane = -1;           ///< of listens and ended, and of setup_failed when it is a program's
    std::int32_t status = 0;          ///< of ended: as wait(2) gives it
    std::int32_t last = 0;            ///< of ended: all programs that were to run together have ended now
    std::int32_t others = 0;          ///< of the last one ended: other processes are still there
    struct rusage usage = {};         ///< of ended: the program and all it waited for
};
static_assert(std::is_trivially_copyable_v<Command> && std::is_trivially_copyable_v<Message>);

} // namespace disco::sandbox
