#pragma once

#include <map>
#include <string>

namespace disco::border::cell {

// Each ends the process with a message when a step fails.

/// What /proc/PID/mountinfo and the like show, by their names there.
using MountTables = std::map<std::string, std::string>;

/// This process in the machine's /proc, for when that is out of reach. The caller closes it.
[[nodiscard]] int open_own_process();

/// As the process sees them now: to be called before anything is mounted that only a question has.
[[nodiscard]] MountTables read_mount_tables(int process);

/// Mounts a /proc of the own process namespace, in which this process is shown these tables: its own has the
/// mounts that cover what a question must not see.
void mount_own_proc(const MountTables& tables);

} // namespace disco::border::cell
