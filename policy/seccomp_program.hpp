#pragma once

#include "runner/model/report.hpp"

#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// The calls of a profile: which are allowed, which get EPERM (known and forbidden) or ENOSYS (unknown), on
/// this machine's architecture and, on x86-64, for 32-bit programs; x32 calls are refused. The numbers come
/// from libseccomp. Throws sys::Error.
[[nodiscard]] std::vector<sock_filter> compile_call_filter(model::Profile profile);

/// Refuses what depends on arguments, for every profile: namespaces by clone(2), terminal tricks by ioctl(2),
/// far-reaching socket families. Compiled by libseccomp, which takes milliseconds. Stacked with a call
/// filter; the stricter answer counts (seccomp(2)).
[[nodiscard]] std::vector<sock_filter> compile_argument_filter();

} // namespace disco::policy
