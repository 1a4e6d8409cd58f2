#pragma once

#include "runner/border/cell/request.hpp"

#include <map>
#include <string>

namespace disco::border::cell {

// Each ends the process with a message when a step fails.

/// Descriptors of mounts that are nowhere yet, by where they will be.
using MountTrees = std::map<std::string, int>;

/// The few devices that every program needs: the machine's own, so before its root is left. What a tree has
/// of the same name may be any device.
[[nodiscard]] MountTrees take_plain_devices();

enum class Writable { no, yes };

/// In a mount namespace of its own: a copy of the mounts below `root` becomes this process's root, and lies
/// on the old one. Where nothing is to be written, no automounter is woken either.
void enter_copy_of(const std::string& root, Writable writable);
void let_old_root_go();

/// All of them without devices and set-user-ID.
void set_up_mounts(Writable writable);

/// In a tree of its own they lie in a /dev of their own.
void give_plain_devices(const MountTrees& devices, bool other_root);

/// What a question must not see is covered: `hidden`, places that everybody writes to, and /run, of which
/// files can be read, but no socket and no FIFO can be reached.
void cover(const Request& request);

/// `pgrep` and the like must not find what only stands for a command: the directories of these processes in
/// /proc are empty. The mounts and the network that `observer` (a process) sees are what this process will be
/// shown.
void show_machine_in_proc(const std::vector<std::string>& hidden, const std::string& observer);

} // namespace disco::border::cell
