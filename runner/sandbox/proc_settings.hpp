#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace disco::sandbox {

/// What the running kernel's /proc has for the machine as a whole that root may write to, as
/// "/dynamic_debug": kernels and their modules differ. Files by their mode, and directories that hold such a
/// file, however deep; not the processes' own directories, and not /proc/pressure, which tells only the
/// program that asks it (psi.rst in the kernel's documentation). Sorted. Throws sys::SysError.
[[nodiscard]] std::vector<std::string> settings_in_proc(const std::filesystem::path& proc = "/proc");

/// kernel.pid_max belongs to the pid namespace of the process that writes it since Linux 6.14; before, it is
/// the machine's.
[[nodiscard]] bool pid_max_is_per_namespace();

} // namespace disco::sandbox
