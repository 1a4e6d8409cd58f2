#pragma once

#include "runner/report/recorded_change.hpp"

#include <string>
#include <string_view>

namespace disco::report {

/// The change turned round: what was created is deleted, and the diff reads the other way. Pure. The type
/// stays: a change does not record which one was replaced.
[[nodiscard]] RecordedChange inverse_change(RecordedChange change);

/// A unified diff, the other way round. Pure.
[[nodiscard]] std::string inverse_diff(std::string_view diff);

} // namespace disco::report
