#pragma once

#include "runner/border/host_command.hpp"
#include "runner/model/run_report.hpp"

namespace disco::run {

/// Takes away a daemon-reload that would change nothing: this run changes no file, asks for nothing that may
/// change one, and systemd says of every unit that it knows its files as they are. Else a script that asks
/// for it every time would never be in sync. Where systemd does not answer, it stays. Throws
/// sys::Interrupted.
void drop_needless_reloads(model::RunReport& run, const border::Host& host);

} // namespace disco::run
