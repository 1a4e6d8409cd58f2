#pragma once

#include "runner/model/report.hpp"

#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// Compiles the seccomp program of a profile with libseccomp, for this machine's architecture and, on x86-64,
/// for 32-bit programs; x32 calls are refused. Unknown calls get ENOSYS, known forbidden ones EPERM. Takes
/// milliseconds. Throws sys::Error.
[[nodiscard]] std::vector<sock_filter> compile_seccomp_program(model::Profile profile);

} // namespace disco::policy
