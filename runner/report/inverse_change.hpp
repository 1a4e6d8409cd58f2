#pragma once

#include "runner/model/change.hpp"

#include <string>
#include <string_view>

namespace disco::report {

/// A change, turned round: what was created is deleted, and the diff reads the other way.
struct InverseChange {
    std::string path; ///< any bytes
    model::ChangeKind kind = model::ChangeKind::modified;
    std::string type; ///< "file", …
    std::string json;
    std::string in_short; ///< see short_change
};
/// Of a change as JSON. Pure. Throws nlohmann::json::exception when it is no change.
[[nodiscard]] InverseChange inverse_change(std::string_view change);

/// A unified diff, the other way round. Pure.
[[nodiscard]] std::string inverse_diff(std::string_view diff);

} // namespace disco::report
