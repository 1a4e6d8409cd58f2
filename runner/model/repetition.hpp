#pragma once

#include "runner/model/run_report.hpp"

#include <string_view>

namespace disco::model {

/// Ends the notice that says why a module was done again: in the first pass a script was strict.
inline constexpr std::string_view repeated_as_simulate = " (repeated as simulate)";

/// Of how disco came to know, not of what the module does: only who wants to know all is told.
[[nodiscard]] inline bool tells_of_repetition(const Notice& notice) {
    return notice.kind == NoticeKind::restricted && notice.text.ends_with(repeated_as_simulate);
}

} // namespace disco::model
