#pragma once

#include <memory>
#include <type_traits>

#include <sys/capability.h>

namespace disco::sys {

struct FreeCapabilities {
    void operator()(cap_t set) const noexcept { ::cap_free(set); }
};

/// Owns a set of capabilities (libcap(3)); empty when libcap could not make one, which errno says. It is
/// memory of the heap: not for a child between fork and exec of a process with threads.
using CapabilitySet = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

} // namespace disco::sys
