#pragma once

#include "runner/border/host_command.hpp"

namespace disco::border {

/// Whether the machine has been booted with systemd, so that there are units to act on; see sd_booted(3). On
/// a root other than "/" nothing runs.
[[nodiscard]] bool systemd_runs(const Host& host);

} // namespace disco::border
