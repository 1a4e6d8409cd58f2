#pragma once

#include "tests/support/throw_away.hpp"

#include <filesystem>

namespace disco::tests {

/// All of the machine that an attempt might have changed: the tree (but for what lies below `but`), mounts,
/// host name, kernel settings, modules, swap, keys, System V and POSIX IPC, network devices, processes with
/// their start, state and niceness, terminals. Compare two with `difference`.
[[nodiscard]] Snapshot machine_snapshot(const std::filesystem::path& tree, const std::filesystem::path& but);

/// Seconds between the wall clock and the monotonic one: jumps when somebody sets the wall clock.
[[nodiscard]] double clock_offset();

} // namespace disco::tests
