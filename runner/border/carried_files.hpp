#pragma once

#include "runner/model/object_state.hpp"

#include <string_view>

namespace disco::border {

/// Whether what scripts made at `path` in a view of the machine's own /run is put in place there after the
/// merge: directories, symbolic links and regular files, less what belongs to a running process (*.pid,
/// *.lock, /run/lock) and to disco. Sockets and FIFOs without the process behind them would be of no use.
/// Pure.
[[nodiscard]] bool is_carried_over(std::string_view path, model::ObjectType type);

} // namespace disco::border
