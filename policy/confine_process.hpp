#pragma once

#include <cstdint>

#include <linux/filter.h>

// Runs between fork and exec: no allocation, no exception, no log.
namespace disco::policy {

/// A seccomp program as plain memory.
struct FilterView {
    const sock_filter* instructions = nullptr;
    unsigned short length = 0; ///< instructions
};

/// A Confinement as plain memory.
struct ConfinementView {
    std::uint64_t capabilities = 0;
    FilterView calls;
    std::uint64_t exec_token = 0;
};

constexpr std::uint64_t every_capability = ~std::uint64_t{0};

/// For PID 1 of a sandbox: nothing that it starts can get capabilities beyond these (the bounding set), and
/// it and they stand under the filter. Its own capabilities stay. False with errno set when a step fails; the
/// caller must not go on then. Needs CAP_SETPCAP and CAP_SYS_ADMIN.
[[nodiscard]] bool confine_sandbox(const ConfinementView& sandbox) noexcept;

/// For PID 1, when its view is complete: from then on it and all that it starts can open, execute, make,
/// rename and remove only what lies beneath its root directory, whichever descriptor they begin at
/// (Landlock). Modes, owners, times and attributes are not covered. It cannot change mounts any more. Nothing
/// happens where Landlock is older than its version 2 (Linux 5.19), under which nothing can be renamed into
/// another directory, where the machine has it disabled, or where a container refuses it. As above when a
/// step fails.
[[nodiscard]] bool confine_to_root() noexcept;

/// For a program of that sandbox: sets no_new_privs, drops capabilities (bounding, of which it has no others
/// than `bounds`, ambient, inheritable, permitted, effective) and loads its filter on top, in this order. As
/// above when a step fails. Needs CAP_SETPCAP. `listener` becomes a descriptor on which execs and the calls
/// to report are heard (seccomp_unotify(2)), closed by exec.
[[nodiscard]] bool confine_program(const ConfinementView& program, std::uint64_t bounds,
                                   int& listener) noexcept;

} // namespace disco::policy
