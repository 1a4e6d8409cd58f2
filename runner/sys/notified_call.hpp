#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/types.h>

// Calls of other processes that are heard on a seccomp listener, and wait for an answer (seccomp_unotify(2)).
// The caller may be gone at any time.
namespace disco::sys {

/// Whether the call still waits: then the number of its thread is no other thread's.
[[nodiscard]] bool is_waiting(int listener, std::uint64_t id) noexcept;

/// The call fails with an errno, or ends with 0 without being made. That the caller is gone is no error.
/// False with errno.
[[nodiscard]] bool answer_call(int listener, std::uint64_t id, int error) noexcept;

/// The call is made as it stands. As above.
[[nodiscard]] bool let_call_go_on(int listener, std::uint64_t id) noexcept;

/// Reads memory of a thread, page by page, as a text may end right before memory that is not there: how many
/// bytes there were, up to `size`. Fewer: with errno, EPERM where it may not be looked at. It may change
/// meanwhile.
[[nodiscard]] std::size_t read_memory(pid_t thread, std::uint64_t address, void* to,
                                      std::size_t size) noexcept;

} // namespace disco::sys
