#pragma once

#include "runner/model/report.hpp"

#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// The calls of a profile: which are allowed, which get EPERM (known and forbidden) or ENOSYS (unknown), on
/// this machine's architecture and, on x86-64, for 32-bit programs; x32 calls are refused. A few depend on
/// an argument: namespaces by clone(2), terminal tricks by ioctl(2), far-reaching socket families. The
/// numbers come from libseccomp. Throws sys::Error.
[[nodiscard]] std::vector<sock_filter> compile_call_filter(model::Profile profile);

} // namespace disco::policy
