#pragma once

#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// Directories of a sandbox that go with it.
enum class RunDirectory { carried_over, gone };
[[nodiscard]] bool is_private(const std::string& path, RunDirectory run);

/// Paths that a word of an action may mean, seen from `directory`: itself, what follows a '=', absolute and
/// without "." and "..". Pure.
[[nodiscard]] std::vector<std::string> paths_meant(const std::string& word, const std::string& directory);

/// The first file among an action's words that is there now, in the sandbox of `process`, and will be gone
/// when the action is run. Reads the file system. Throws SysError when that cannot be looked at: the process
/// is gone, or may not be looked at (without CAP_SYS_PTRACE, of another user).
[[nodiscard]] std::optional<std::string> private_file(const std::vector<std::string>& argv,
                                                      const std::string& directory, RunDirectory run,
                                                      int process);

} // namespace disco::border
