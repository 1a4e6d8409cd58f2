// disco-on-host: becomes a command of the live root, outside of any sandbox; see request.hpp for its words.
//
// A query is a question of the sandbox's to the machine: it runs in a cell, in which nothing can be written
// by any call. Each thing that it must not do meets two walls: another user without rights, read-only mounts,
// Landlock, a filter of system calls, namespaces.
//
// On a root other than '/' there is no running system that could answer or act, and what its programs do must
// not reach this one: they get namespaces of their own and none of the capabilities that act on the whole
// machine.

#include "policy/walls.hpp"
#include "runner/border/cell/confine.hpp"
#include "runner/border/cell/copied_root.hpp"
#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/mount_tables.hpp"
#include "runner/border/cell/own_user.hpp"
#include "runner/border/cell/request.hpp"
#include "runner/border/cell/supervisor.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace disco::border::cell;
using disco::policy::Wall;
using disco::policy::wall_stands;

/// D-Bus hangs up on a user that the machine's list of users does not have.
constexpr uid_t nobody = 65534;

[[noreturn]] void run_command(const std::vector<std::string>& command) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    const int code = errno;
    std::fprintf(stderr, "disco: cannot run '%s': %s\n", argv[0], std::strerror(code));
    std::fflush(stderr);
    ::_exit(code == ENOENT ? 127 : 126);
}

void isolate(int namespaces) {
    if (::unshare(namespaces) != 0) fail("make", "namespaces");
}

/// Where filters lie: beside this program.
std::string own_directory() {
    std::string path(4096, '\0');
    const ssize_t got = ::readlink("/proc/self/exe", path.data(), path.size());
    if (got <= 0) fail("find", "/proc/self/exe");
    path.resize(static_cast<std::size_t>(got));
    return path.substr(0, path.rfind('/'));
}

/// The number of this process in the namespace that /proc shows, which is its supervisor's.
pid_t number_in_proc() {
    char text[32] = {};
    return ::readlink("/proc/self", text, sizeof text - 1) > 0 ? std::atoi(text) : 0;
}

std::string filter_for(const Needs& needs) {
    return std::string{"query"} + (needs.services() ? "-services" : "") +
           (needs.network() ? "-network" : "") + (needs.root() ? "-forks" : "") +
           (needs.ptrace ? "-processes" : "");
}

/// Where they listen on the machine. Daemons of containers are not among them: who speaks to them is root.
std::vector<std::string> services_for(const Needs& needs) {
    std::vector<std::string> services;
    if (needs.bus) services.emplace_back("/run/dbus/system_bus_socket");
    return services;
}

[[noreturn]] void ask(const Request& request) {
    const Needs& needs = request.needs;
    // The number of whoever supervises, in the /proc that is shown.
    const std::string supervisor = std::to_string(::getpid());
    // Processes of the machine are looked at by their numbers, so a question has no process namespace of its
    // own, unless it runs as a user that others may be: only an own user's processes can be distinguished.
    // Never root by D-Bus, whatever a program insists on: there it would not only ask.
    const bool shared_user = needs.root_user || needs.bus;
    const bool own_processes = request.other_root() || shared_user;
    const bool watched = needs.services() || needs.network() || needs.root();
    Filter filter = read_filter(own_directory(), filter_for(needs));
    Supervision supervision;
    supervision.own_network = request.other_root(); // there is none that is up
    supervision.how = own_processes ? EndMethod::process_namespace : EndMethod::own_user;
    supervision.watched = watched && wall_stands(Wall::query_filter);
    supervision.services = services_for(needs);
    if (needs.net_admin) supervision.rights = WatchedSockets::Rights::net_admin;
    if (needs.docker_socket) supervision.daemons = {"/run/docker.sock", "/run/podman/podman.sock"};
    supervision.as_user = needs.bus ? nobody : OwnUser::any;
    supervise(supervision, [&](uid_t user, Handover& handover) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        const pid_t number = number_in_proc();
        if (needs.root()) bound_process_numbers();
        // Services are reached by sockets with a path; abstract ones are those of a network namespace. For
        // the machine's network the supervisor makes the sockets.
        if (wall_stands(Wall::query_namespaces))
            isolate(CLONE_NEWIPC | CLONE_NEWUTS | (needs.own_network() ? CLONE_NEWNET : 0));
        leave_keyring();
        const MountTrees devices = take_plain_devices();
        const int process = open_own_process();
        enter_copy_of(request.root, Writable::no);
        let_old_root_go();
        const MountTables tables = request.other_root() ? read_mount_tables(process) : MountTables{};
        ::close(process);
        set_up_mounts(Writable::no);
        give_plain_devices(devices, request.other_root());
        if (request.other_root())
            mount_own_proc(tables);
        else
            show_machine_in_proc(request.hidden_processes, supervisor);
        cover(request);
        if (::chdir("/") != 0) fail("enter", "/");
        give_empty_input();
        limit_resources(needs.bus ? tasks_of(nobody) : 0);
        become(needs.bus ? nobody : needs.root() ? 0 : user, needs);
        forbid_writes(needs);
        const int listener = load_filter(std::move(filter), watched ? Listen::yes : Listen::no);
        if (listener >= 0) handover.give(listener, number);
        run_command(request.command);
    });
}

[[noreturn]] void run_action(const Request& request) {
    ::umask(request.umask);
    if (::chdir(request.directory.c_str()) != 0) fail("enter", request.directory);
    run_command(request.command);
}

[[noreturn]] void act(const Request& request) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (!request.other_root()) run_action(request);
    Filter filter = read_filter(own_directory(), "action");
    isolate(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET);
    const pid_t child = ::fork();
    if (child < 0) fail("start a process for", request.root);
    if (child > 0) follow(child);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    leave_first_process();
    leave_keyring();
    const MountTrees devices = take_plain_devices();
    enter_copy_of(request.root, Writable::yes);
    let_old_root_go();
    set_up_mounts(Writable::yes);
    give_plain_devices(devices, true);
    mount_own_proc({});
    keep_capabilities_over_files();
    load_filter(std::move(filter), Listen::no);
    run_action(request);
}

} // namespace

int main(int argc, char** argv) {
    const auto request = parse_request({argv + 1, argv + argc});
    if (!request) {
        std::fputs("usage: disco-on-host query ROOT [--need=NEED]… [--hide=DIRECTORY]… "
                   "[--hide-process=PID]… -- COMMAND…\n"
                   "       disco-on-host action ROOT [--directory=DIRECTORY] [--umask=OCTAL] -- COMMAND…\n",
                   stderr);
        return cannot;
    }
    close_descriptors_above_standard();
    ::setsid();
    if (request->kind == Request::Kind::query) ask(*request);
    act(*request);
}
