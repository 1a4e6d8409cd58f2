#pragma once

#include "runner/model/run_report.hpp"

#include <string>
#include <vector>

namespace disco::tests {

/// One attempt of the payload, which has the code. It prints "NAME: escaped: …" when it got through.
struct AttemptRow {
    const char* name;
    char group;
    /// Which must all be down for it to get through, with commas between; each of them stops it by itself.
    /// Empty: see `why_not`.
    const char* walls;
    /// Why it is not seen to get through: success would do harm, or what stops it is no wall of ours.
    const char* why_not = nullptr;
    /// Of the run without walls.
    model::Profile profile = model::Profile::simulate;
    /// Profiles in which getting through is meant are left out.
    std::vector<model::Profile> profiles = {model::Profile::template_, model::Profile::strict,
                                            model::Profile::simulate, model::Profile::live};
};

[[nodiscard]] const std::vector<AttemptRow>& attempt_table();

} // namespace disco::tests
