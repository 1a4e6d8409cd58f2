#pragma once

#include "policy/exec_call.hpp"

#include <cstdint>

#include <linux/seccomp.h>
#include <sys/types.h>

namespace disco::border {

/// Makes the stopped tracee `thread` repeat its exec as execveat(`fd`, "", argv, environment, AT_EMPTY_PATH).
/// `empty`: the address of a NUL byte in its memory, of which nothing is written. `data`: the call as it was
/// made, with the address right after its instruction. False with errno when the registers cannot be set.
///
/// x86-64 and i386 (syscall, int 0x80, sysenter), aarch64 and arm; ptrace(2), PTRACE_SETREGSET.
[[nodiscard]] bool repeat_exec_by_descriptor(pid_t thread, const seccomp_data& data,
                                             const policy::ExecCall& call, int fd,
                                             std::uint64_t empty) noexcept;

} // namespace disco::border
