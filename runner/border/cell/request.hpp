#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::border::cell {

/// What a question needs beyond a user who may do nothing.
struct Needs {
    bool read_all = false;      ///< files that only their owner may read, block devices
    bool net_admin = false;     ///< what takes CAP_NET_ADMIN: tables of the packet filter
    bool interfaces = false;    ///< network devices by ioctl(2), as every user sees them
    bool ptrace = false;        ///< whose socket or file it is
    bool bus = false;           ///< D-Bus of the machine
    bool docker_socket = false; ///< the daemon of docker, read-only
    bool root_user = false;     ///< the program insists on the user id 0
    /// Never by D-Bus, whatever a program insists on: there it would not only ask.
    [[nodiscard]] bool root() const { return root_user && !bus; }
    [[nodiscard]] bool services() const { return bus || docker_socket; }
    [[nodiscard]] bool network() const { return net_admin || interfaces; }
    /// Its own sockets are of no use to it: those that it needs are made for it. What a program insists on
    /// root for starts others, which look into /proc/net by themselves.
    [[nodiscard]] bool own_network() const { return services() || (network() && !root_user); }
};

/// What this program was called for.
struct Request {
    enum class Kind { query, action } kind = Kind::query;
    std::string root; ///< "/", or the tree that is acted on
    [[nodiscard]] bool other_root() const { return root != "/"; }

    // query
    Needs needs;
    std::vector<std::string> hidden;           ///< directories that are empty for it
    std::vector<std::string> hidden_processes; ///< that are none of the machine's own

    // action
    std::string directory = "/";
    mode_t umask = 022;

    std::vector<std::string> command;
};

/// disco-on-host query ROOT [--need=NEED]… [--hide=DIRECTORY]… [--hide-process=PID]… -- COMMAND…
/// disco-on-host action ROOT [--directory=DIRECTORY] [--umask=OCTAL] -- COMMAND…
/// Nothing when the words are others. Pure.
[[nodiscard]] std::optional<Request> parse_request(const std::vector<std::string>& words);

} // namespace disco::border::cell
