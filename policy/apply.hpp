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

/// Sets no_new_privs, drops capabilities (bounding, ambient, inheritable, permitted, effective) and loads the
/// filter, in this order. False with errno set when a step fails; the caller must not go on then. Needs
/// CAP_SETPCAP.
[[nodiscard]] bool apply(const ConfinementView& confinement) noexcept;

} // namespace disco::policy
