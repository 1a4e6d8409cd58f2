#pragma once

#include "policy/call_table.hpp"

namespace disco::policy {

/// The calls that libseccomp knows. Only the build and the tests ask it: the program does without the
/// library.
[[nodiscard]] CallTable libseccomp_call_table(Architecture architecture);

} // namespace disco::policy
