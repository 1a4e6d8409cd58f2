#pragma once

#include <ctime>
#include <string>

namespace disco::overlay {

/// Whether an object of an upperdir was copied up from one that somebody else has removed or renamed since.
/// For an object whose name is free below: either the program moved it there, and its origin is where it
/// was, or somebody else has taken what the program changed. `live`: a directory of the file system below;
/// `started`: see LayerToScan. Throws SysError.
[[nodiscard]] bool origin_was_taken(int upper, const std::string& name, bool directory, int live,
                                    const timespec& started);

/// Whether somebody has added entries to the directory `live`, or taken some, since `started`; a negative
/// descriptor is no directory. Throws SysError.
[[nodiscard]] bool entries_changed_since(int live, const timespec& started);

/// Whether an object of an upperdir, for which origin_was_taken() is false, may still be a copy of one that
/// somebody else has taken. Throws SysError.
///
/// A file system without file handles, such as another overlay, leaves the origin empty. And when the
/// original had been removed before it was copied up, there is none: overlayfs goes on with what it has
/// looked up, and records no origin of what has no name any more (ovl_do_copy_up() in
/// fs/overlayfs/copy_up.c). Such a copy has the time of access of the original, which is earlier than its own
/// birth; a program can set such a time on its own file, too. Views are mounted with `noatime`, so that
/// reading does not set it.
[[nodiscard]] bool may_be_copy_of_taken(int upper, const std::string& name);

} // namespace disco::overlay
