#pragma once

#include "runner/model/run_report.hpp"
#include "runner/run/settings.hpp"
#include "runner/run/state.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace disco::run {

struct ReportLimits {
    std::size_t runs = 1000;
    std::uint64_t bytes = std::uint64_t{1} << 30; ///< of all together
};

/// Removes the oldest reports until the rest is within the limits, but not those of `run`, which was written
/// last, and of runs that can be rolled back. Throws SysError.
///
/// Sizes are looked at only when there are too many or this one takes more than its share, so that all take
/// at most twice the limit and a run does not cost more for each that was before it.
void prune_reports(const StateDirectory& state, const std::string& run, const ReportLimits& limits);

/// Removes what the settings of the run's node do not keep of old runs: reports, and after a merge what old
/// merges have replaced. What cannot be removed takes room and does no other harm, so it is only logged.
///
/// `known`: the settings, where the run has read them all. After a merge they are read otherwise; a run that
/// merged nothing leaves it to the next one, as the parameters of many modules take longer to read than a
/// command to run.
void remove_old_runs(const StateDirectory& state, const model::RunReport& run,
                     const std::optional<ClientSettings>& known);

} // namespace disco::run
