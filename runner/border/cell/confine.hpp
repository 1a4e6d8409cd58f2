#pragma once

#include "runner/border/cell/request.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <sys/types.h>

namespace disco::border::cell {

// Each ends the process with a message when a step fails.

void close_descriptors_above_standard();

/// Standard input is empty: a pipe that nobody writes to.
void give_empty_input();

/// Memory, time and files of a question, and its processes and threads: 64 besides `others`, those that its
/// user has on the machine already, as the kernel counts them together. It does not count root's: see
/// WatchedCalls, and:
void limit_resources(std::size_t others);
/// There are no more than so many numbers of processes and threads in the process namespace that this process
/// is in, where that has a kernel.pid_max of its own: since Linux 6.14.
void bound_process_numbers();

/// This process becomes a user who may do nothing but what the question needs: by capabilities, if it has to.
void become(uid_t user, const Needs& needs);

/// An action on another tree: root, with the capabilities to work on its files alone.
void keep_capabilities_over_files();

/// Landlock, as far as this kernel has it: nothing can be written but to plain devices; no TCP; no abstract
/// sockets, no signals to outside; no control of devices, unless they are to be read. Not for who looks at
/// other processes, which Landlock does not let it: its filter of calls lets it open nothing to write.
void forbid_writes(const Needs& needs);

/// LIB/compiled/NAME; `lib` is the directory of this program, while its root is still the machine's.
using Filter = std::vector<sock_filter>;
[[nodiscard]] Filter read_filter(const std::string& lib, const std::string& name);
/// From now on. After no_new_privs is set. `listen`: returns a descriptor on which calls are heard, closed by
/// exec; else -1.
enum class Listen { no, yes };
int load_filter(Filter filter, Listen listen);

/// Another session keyring: what the caller's holds is not the command's.
void leave_keyring();

} // namespace disco::border::cell
