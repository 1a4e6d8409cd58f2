#pragma once

#include <cstdint>

// Landlock (landlock(7)), as far as the kernel has it. The constants are spelt out, as the headers of the
// machine that disco is built on are older than many kernels it runs on. Also between fork and exec: no
// allocation, no exception, no log.
namespace disco::policy::landlock {

/// Rights to files and directories, as far as they are named here.
constexpr std::uint64_t write_file = 1U << 1, truncate = 1U << 14, control_device = 1U << 15;

/// What a process gives up, each as bits. A ruleset gives some of the rights to files back, by places.
struct Rights {
    std::uint64_t files = 0, network = 0, scoped = 0;
};
constexpr std::uint64_t bind_tcp = 1U << 0, connect_tcp = 1U << 1;     ///< of Rights::network
constexpr std::uint64_t abstract_sockets = 1U << 0, signals = 1U << 1; ///< of Rights::scoped

/// The version of its interface that the kernel has; 0 when it has none, or a container refuses it.
[[nodiscard]] int version() noexcept;

/// The rights to change files that this version knows: to write, to make and to remove names, from version 2
/// on to rename and link into another directory (before, nobody who has given up anything can), from version
/// 3 on to truncate.
[[nodiscard]] std::uint64_t changing_files(int version) noexcept;

/// Those, and to execute, to read and to list. They cost nothing more: from version 3 on the kernel looks at
/// every file that is opened, as it might be truncated later.
[[nodiscard]] std::uint64_t using_files(int version) noexcept;

/// A descriptor of a ruleset with what `version` knows of `given_up`. -1 with errno.
[[nodiscard]] int make_ruleset(Rights given_up, int version) noexcept;

/// These rights to files stay at `place` and beneath it. False with errno: ENOENT when there is no such
/// place.
[[nodiscard]] bool allow_beneath(int ruleset, const char* place, std::uint64_t files) noexcept;

/// From now on, for this thread and what it starts. It needs CAP_SYS_ADMIN or no_new_privs, and can change no
/// mounts afterwards. False with errno.
[[nodiscard]] bool restrict_self(int ruleset) noexcept;

} // namespace disco::policy::landlock
