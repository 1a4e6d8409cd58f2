#include "runner/sandbox/launch.hpp"

#include "policy/walls.hpp"
#include "runner/sandbox/child_setup.hpp"
#include "runner/sandbox/clone_process.hpp"
#include "runner/sandbox/container_hint.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::sandbox {
namespace {

using policy::Wall;

/// CLONE_NEW… of a namespace that is a wall.
std::uint64_t namespace_of(Wall wall, std::uint64_t flag) { return policy::wall_stands(wall) ? flag : 0; }

struct Pair {
    sys::UniqueFd parent, child;
};

/// Nobody but a sandbox and its parent has it: what a program does to its inode (chmod of /dev/stdout) is
/// nobody's loss.
Pair make_pipe() {
    std::array<int, 2> ends = {-1, -1};
    sys::check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe for the sandbox");
    sys::check(::fcntl(ends[0], F_SETFL, O_NONBLOCK), "set up a pipe for the sandbox");
    return {sys::UniqueFd{ends[0]}, sys::UniqueFd{ends[1]}};
}

Pair make_control() {
    std::array<int, 2> ends = {-1, -1};
    sys::check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()),
               "make the control socket of the sandbox");
    return {sys::UniqueFd{ends[0]}, sys::UniqueFd{ends[1]}};
}

/// The plain memory that the child reads, and the owners of it.
struct ProgramMemory {
    std::vector<char*> argv, environment;
};

policy::FilterView view_of(const std::vector<sock_filter>& filter) {
    return {.instructions = filter.data(), .length = static_cast<unsigned short>(filter.size())};
}

policy::ConfinementView view_of(const policy::Confinement& confinement) {
    return {.capabilities = confinement.capabilities,
            .calls = view_of(confinement.calls),
            .exec_token = confinement.exec_token};
}

ProgramView view_of(const Program& program, const ProgramMemory& memory) {
    return {.path = program.path.c_str(),
            .argv = memory.argv.data(),
            .environment = memory.environment.data(),
            .separate_standard_output = program.output == Program::Output::separate,
            .terminal = program.output == Program::Output::terminal,
            .readonly_view = program.view == Program::View::readonly,
            .confinement = view_of(*program.confinement)};
}

const char* describe(Stage stage) {
    switch (stage) {
    case Stage::parent_gone: return "find its parent";
    case Stage::descriptors: return "sort its descriptors";
    case Stage::isolate: return "isolate itself";
    case Stage::network: return "set up its network";
    case Stage::ahead:
    case Stage::mounts: return "build its view";
    case Stage::terminal: return "make its terminal";
    case Stage::program: return "start a process";
    case Stage::users: return "enter its user namespace";
    case Stage::privileges: return "give up privileges (capabilities, seccomp)";
    case Stage::exec: return "run it";
    }
    return "?"; // not reached: -Wswitch guards the list
}

/// Logs what this container withholds and sandboxes do without. Called once.
bool log_container_limits(const SandboxSpec& spec) {
    // A container that refuses keyctl(2) refuses it to everything inside, so no sandbox needs a keyring of
    // its own; see pid1.
    if (::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 && errno == EPERM)
        spdlog::warn(
            "this container refuses keyctl(2): sandboxes have no keyring of their own, and need none, as "
            "they cannot reach any other");
    // Over what belongs to a user namespace of its own it has every right.
    if (spec.user_namespace < 0 && ::cap_get_bound(CAP_NET_ADMIN) == 0)
        spdlog::warn(
            "without CAP_NET_ADMIN no sandbox has a loopback network (127.0.0.1); start the container "
            "with it, or use --network host, where scripts need that");
    return true;
}

} // namespace

LaunchedProcess launch(const SandboxSpec& spec, const LogSink& log) {
    Pair control = make_control();
    struct PipePair {
        Pair output, standard_output;
    };
    std::vector<PipePair> pipes;
    for (std::size_t lane = 0; lane < spec.lanes; ++lane) pipes.push_back({make_pipe(), make_pipe()});
    InputPipe input;
    if (spec.input >= 0) input = make_input_pipe();
    std::vector<ProgramMemory> memory;
    for (const Program& program : spec.programs)
        memory.push_back({sys::word_pointers(program.argv), sys::word_pointers(program.environment)});
    std::vector<ProgramView> programs;
    for (std::size_t i = 0; i < spec.programs.size(); ++i)
        programs.push_back(view_of(spec.programs[i], memory[i]));

    LaunchView view;
    view.input = input.read.get();
    view.control = control.child.get();
    view.broker = spec.broker;
    view.log = log.socket();
    for (std::size_t lane = 0; lane < pipes.size(); ++lane) {
        view.output[lane] = pipes[lane].output.child.get();
        view.standard_output[lane] = pipes[lane].standard_output.child.get();
    }
    view.lanes = static_cast<int>(pipes.size());
    view.user_namespace = spec.user_namespace;
    view.network_namespace = spec.network_namespace;
    view.bring_up_loopback = spec.new_network;
    view.layers_directory = spec.layers_directory.c_str();
    view.memory = spec.memory.empty() ? nullptr : spec.memory.c_str();
    view.mounts = &spec.mounts;
    view.confinement = view_of(*spec.confinement);
    static const std::size_t command_line_size = sys::read_file("/proc/self/cmdline").size();
    view.command_line = program_invocation_name; // argv[0] (glibc), where the words begin
    view.command_line_size = command_line_size;
    view.programs = programs.data();
    view.program_count = static_cast<int>(programs.size());
    if (spec.new_network) {
        [[maybe_unused]] static const bool logged = log_container_limits(spec);
    }
    const std::uint64_t namespaces =
        CLONE_NEWNS | namespace_of(Wall::pid, CLONE_NEWPID) | namespace_of(Wall::ipc, CLONE_NEWIPC) |
        namespace_of(Wall::uts, CLONE_NEWUTS) | namespace_of(Wall::cgroup, CLONE_NEWCGROUP);
    int pidfd = -1;
    const pid_t pid = clone_process(namespaces, pidfd);
    if (pid < 0)
        throw sys::Error{
            fmt::format("cannot make the namespaces of a sandbox: {}{}", sys::errno_text(errno),
                        errno == ENOSPC ? " (see /proc/sys/user/max_*_namespaces)" : container_hint(errno))};
    if (pid == 0) run_pid1(view);
    LaunchedProcess launched{pid, sys::UniqueFd{pidfd}, std::move(control.parent), {}, std::move(input)};
    for (PipePair& pair : pipes)
        launched.lanes.push_back({std::move(pair.output.parent), std::move(pair.standard_output.parent)});
    return launched;
}

std::string explain_setup_failure(const Message& message, const MountPlan& entered,
                                  const MountPlans& mounts) {
    const auto index = static_cast<std::size_t>(message.step);
    const MountPlan none;
    const MountPlan& plan = message.stage == Stage::ahead    ? mounts.ahead
                            : message.stage == Stage::mounts ? entered
                                                             : none;
    if (message.step < 0 || index >= plan.size())
        return fmt::format("the sandbox cannot {}: {}{}", describe(message.stage),
                           sys::errno_text(message.error), container_hint(message.error));
    const MountStep& step = plan[index];
    std::string text = fmt::format("cannot {}: {}{}", step.describe(), sys::errno_text(message.error),
                                   container_hint(message.error));
    if (step.kind != MountStep::Kind::overlay) return text;
    switch (message.error) {
    case EINVAL:
        return text + " (the state directory may lie on a file system that cannot hold an upperdir, such as "
                      "overlayfs or "
                      "NFS: use --state-dir on ext4, xfs, btrfs or tmpfs; the kernel's log says more)";
    case ELOOP: return text + " (the layers would contain themselves: use another --state-dir)";
    case ENODEV: return text + " (this kernel has no overlayfs: load the module 'overlay')";
    default: return text;
    }
}

std::string explain_start_failure(const Message& message, const Program& program) {
    if (message.stage == Stage::exec && message.error == ENOENT)
        return fmt::format("could not be run: there is no '{}' (or what it needs to run) in the tree",
                           program.path);
    const bool refused = message.stage != Stage::exec; // the kernel's own answer there, say to a noexec mount
    return fmt::format("could not be run by '{}': the sandbox cannot {}: {}{}", program.path,
                       describe(message.stage), sys::errno_text(message.error),
                       refused ? container_hint(message.error) : "");
}

} // namespace disco::sandbox
