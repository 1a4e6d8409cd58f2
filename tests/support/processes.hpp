#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::tests {

/// Waits up to ten seconds for a process in whose command line, with spaces between its words, is all of
/// this; 0: there is none.
[[nodiscard]] pid_t wait_for_process(const std::vector<std::string>& parts);

/// Waits up to ten seconds until a process may read from its terminal.
[[nodiscard]] bool wait_for_foreground(pid_t process);

} // namespace disco::tests
