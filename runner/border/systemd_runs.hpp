#pragma once

#include "runner/border/host_command.hpp"

namespace disco::border {

/// Whether the machine has been booted with systemd, so that there are units to act on; see sd_booted(3). On
/// a root other than "/" nothing runs.
[[nodiscard]] bool systemd_runs(const Host& host);

/// Whether the first process has another root directory: then systemctl changes files at most, and says so.
/// See systemctl(1), SYSTEMD_IGNORE_CHROOT.
[[nodiscard]] bool is_in_chroot();

} // namespace disco::border
