#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::tests {

/// Those in whose command lines, with spaces between the words, is all of this.
[[nodiscard]] std::vector<pid_t> processes_with(const std::vector<std::string>& parts);

/// Waits up to ten seconds for such a process; 0: there is none.
[[nodiscard]] pid_t wait_for_process(const std::vector<std::string>& parts);

/// Waits up to ten seconds until a process may read from its terminal.
[[nodiscard]] bool wait_for_foreground(pid_t process);

} // namespace disco::tests
