#pragma once

// What keeps a program in its sandbox, wall by wall, so that the tests can take one down and see that the
// attempts it stops get through then. In the program as it is shipped all walls stand: `wall_stands` is a
// constant there, and no code that asks it is left. Only a test's executable, built with DISCO_WALL_SWITCHES,
// has another one.
namespace disco::policy {

enum class Wall {
    seccomp,
    capabilities,
    no_new_privs,
    pid, ///< a namespace of its own, as the next four
    net,
    ipc,
    uts,
    cgroup,
    users,               ///< a user namespace of root's: nobody of the machine may look at what runs in it
    old_root,            ///< the host's root is let go
    masks,               ///< what is covered of /proc and /sys, and the state directory
    readonly_proc_sys,   ///< /proc/sys and the like, and /sys, are read-only
    readonly_binds,      ///< what is shown of the host is read-only
    host_sockets,        ///< what is shown of the host is shown by overlays, where nobody listens
    readonly_view,       ///< templates cannot write
    devices,             ///< nodev, and a read-only /dev
    nosuid,              ///< set-user-ID means nothing
    close_fds,           ///< the caller's descriptors are closed
    keyring,             ///< another session keyring
    setsid,              ///< no controlling terminal
    hidden_command_line, ///< PID 1 does not show how disco was called
    process_numbers,     ///< there are no more than so many, since Linux 6.14
    landlock,            ///< no file outside of the view is opened, made or removed, by any descriptor
    query_user,          ///< a question to the machine has a user of its own, without rights
    query_mounts,        ///< it has a read-only copy of the mounts, without devices
    query_covers,        ///< places that it must not see are empty
    query_landlock,      ///< Landlock lets it write nothing
    query_filter,        ///< it can make no call that changes anything
    query_calls,         ///< of what is watched, only what asks is done
    query_requests,      ///< requests to a daemon are put together anew, and can only show something
    query_sockets,       ///< sockets of the network are made for it, and carry nothing
    query_namespaces,    ///< ipc, uts, and with services the network, are its own
    query_descriptors,   ///< it inherits none
    query_limits,        ///< of processes, memory and files
    broker_peer,         ///< only processes of the sandbox are heard
    broker_user,         ///< users other than root may ask questions only, and see what they may see
    broker_gate,         ///< that is looked at again before anything is queued or asked
    broker_bounds,       ///< of requests, in number and bytes
    broker_descriptors,  ///< none is received
    own_settings,        ///< the server does not say where it is, and what is run to fetch from it
    network_bound,       ///< neither it nor a module gives a module more network than the machine does
};

#ifdef DISCO_WALL_SWITCHES
[[nodiscard]] bool wall_stands(Wall wall) noexcept; // tests/escape/wall_switches.cpp
#else
[[nodiscard]] constexpr bool wall_stands(Wall) noexcept { return true; }
#endif

} // namespace disco::policy
