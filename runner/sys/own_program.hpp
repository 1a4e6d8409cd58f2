#pragma once

#include <filesystem>

namespace disco::sys {

/// Executes this program again, from a mount of its directory that is read-only and nowhere else. A script of
/// a sandbox can have this very file executed there (`#!/proc/self/exe`, or a link to that, as the first
/// thing that a child of this program becomes), and whoever runs a file can name it by /proc/PID/exe: but for
/// that mount, root in the sandbox would give the machine's file another mode or owner. To be called first of
/// all. Returns when there is nothing to be done, or when the caller may not mount: then no sandbox can be
/// made either.
void run_from_readonly_mount(char** argv);

/// Where this program's file lies.
[[nodiscard]] std::filesystem::path own_program();

} // namespace disco::sys
