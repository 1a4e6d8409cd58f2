#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace disco::sandbox {

/// What the running kernel's /proc has for the machine as a whole, as "/cpuinfo": files and directories, not
/// the processes' own and no symlinks. Whatever /proc they are reached by, they are the same objects, and a
/// mode that root gives one of them holds for the machine. Sorted. Throws sys::SysError.
[[nodiscard]] std::vector<std::string> entries_in_proc(const std::filesystem::path& proc = "/proc");

/// kernel.pid_max belongs to the pid namespace of the process that writes it since Linux 6.14; before, it is
/// the machine's.
[[nodiscard]] bool pid_max_is_per_namespace();

} // namespace disco::sandbox
