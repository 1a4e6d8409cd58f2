// The switch of disco-without-walls: DISCO_WITHOUT names the walls that do not stand, with commas between.

#include "policy/walls.hpp"

#include <cstdlib>
#include <string_view>

namespace disco::policy {
namespace {

constexpr std::string_view name_of(Wall wall) {
    switch (wall) {
    case Wall::seccomp: return "seccomp";
    case Wall::capabilities: return "capabilities";
    case Wall::no_new_privs: return "no-new-privs";
    case Wall::pid: return "pid";
    case Wall::net: return "net";
    case Wall::ipc: return "ipc";
    case Wall::uts: return "uts";
    case Wall::cgroup: return "cgroup";
    case Wall::users: return "users";
    case Wall::old_root: return "old-root";
    case Wall::masks: return "masks";
    case Wall::readonly_proc_sys: return "readonly-proc-sys";
    case Wall::readonly_binds: return "readonly-binds";
    case Wall::host_sockets: return "host-sockets";
    case Wall::readonly_view: return "readonly-view";
    case Wall::devices: return "devices";
    case Wall::nosuid: return "nosuid";
    case Wall::close_fds: return "close-fds";
    case Wall::keyring: return "keyring";
    case Wall::setsid: return "setsid";
    case Wall::hidden_command_line: return "hidden-command-line";
    case Wall::process_numbers: return "process-numbers";
    case Wall::landlock: return "landlock";
    case Wall::query_user: return "query-user";
    case Wall::query_mounts: return "query-mounts";
    case Wall::query_covers: return "query-covers";
    case Wall::query_landlock: return "query-landlock";
    case Wall::query_filter: return "query-filter";
    case Wall::query_calls: return "query-calls";
    case Wall::query_requests: return "query-requests";
    case Wall::query_sockets: return "query-sockets";
    case Wall::query_namespaces: return "query-namespaces";
    case Wall::query_descriptors: return "query-descriptors";
    case Wall::query_limits: return "query-limits";
    case Wall::broker_peer: return "broker-peer";
    case Wall::broker_user: return "broker-user";
    case Wall::broker_gate: return "broker-gate";
    case Wall::broker_bounds: return "broker-bounds";
    case Wall::broker_descriptors: return "broker-descriptors";
    case Wall::own_settings: return "own-settings";
    case Wall::network_bound: return "network-bound";
    }
    return "?"; // not reached: -Wswitch guards the list
}

} // namespace

// Also asked between fork and exec: no allocation.
bool wall_stands(Wall wall) noexcept {
    const char* const value = std::getenv("DISCO_WITHOUT");
    std::string_view left = value == nullptr ? "" : value;
    while (!left.empty()) {
        const std::size_t end = left.find(',');
        if (left.substr(0, end) == name_of(wall)) return false;
        left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    }
    return true;
}

} // namespace disco::policy
