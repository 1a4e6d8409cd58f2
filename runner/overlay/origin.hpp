#pragma once

#include <string>

namespace disco::overlay {

/// Whether an object of an upperdir was copied up from one that is not there any more. For an object whose
/// name is free below: either the program moved it there, and its origin is where it was, or somebody else
/// has removed what the program changed. `live`: a directory of the file system below. Throws SysError.
[[nodiscard]] bool origin_is_gone(int upper, const std::string& name, bool directory, int live);

} // namespace disco::overlay
