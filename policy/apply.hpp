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
};

/// For PID 1 of a sandbox: nothing that it starts can get capabilities beyond these (the bounding set), and
/// it and they stand under the filter. Its own capabilities stay. False with errno set when a step fails; the
/// caller must not go on then. Needs CAP_SETPCAP and CAP_SYS_ADMIN.
[[nodiscard]] bool confine_sandbox(const ConfinementView& sandbox) noexcept;

/// For a program of that sandbox: sets no_new_privs, drops capabilities (bounding, ambient, inheritable,
/// permitted, effective) and loads its filter on top, in this order. As above when a step fails. Needs
/// CAP_SETPCAP. `listener` becomes a descriptor on which execs and the calls to report are heard
/// (seccomp_unotify(2)), closed by exec.
[[nodiscard]] bool confine_program(const ConfinementView& program, const ConfinementView& sandbox,
                                   int& listener) noexcept;

} // namespace disco::policy
