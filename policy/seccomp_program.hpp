#pragma once

#include "runner/model/report.hpp"

#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// A process of a sandbox stands under two seccomp programs, and the stricter answer counts (seccomp(2)): the
/// sandbox's, which PID 1 loads before it has a view, and its profile's. Together they say which calls are
/// allowed, which get EPERM (known and forbidden) or ENOSYS (unknown), on this machine's architecture and, on
/// x86-64, for 32-bit programs; x32 calls are refused. A few depend on an argument: namespaces by clone(2),
/// terminal tricks by ioctl(2), far-reaching socket families. The numbers come from libseccomp. Both throw
/// sys::Error.

/// The sandbox's: all but what PID 1 needs to build the view, and what only some profiles may do.
[[nodiscard]] std::vector<sock_filter> compile_sandbox_filter();

/// The rest: short, because the kernel translates it anew for each program that is started.
[[nodiscard]] std::vector<sock_filter> compile_program_filter(model::Profile profile);

} // namespace disco::policy
