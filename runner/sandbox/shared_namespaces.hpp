#pragma once

#include "runner/sys/unique_fd.hpp"

#include <string>

namespace disco::sandbox {

/// Namespaces that the sandboxes of a run share.
struct SharedNamespaces {
    /// A user namespace of root's, in which everybody is who they are outside (the map is the identity). For
    /// the kernel its processes are another container's: no user of the machine may look at one, take its
    /// descriptors or trace it, whoever it runs as. Empty where there is none: see `without_users`.
    sys::UniqueFd users;
    sys::UniqueFd network;     ///< a network namespace, which belongs to `users` where that is there
    std::string without_users; ///< why the machine makes no user namespace; empty when it does
};

/// Makes both; the loopback device is down. No process is left in them: they live as long as they are held,
/// or joined. Throws sys::Error when there is no network namespace to be had.
[[nodiscard]] SharedNamespaces make_shared_namespaces();

} // namespace disco::sandbox
