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

} // namespace disco::overlay
