#pragma once

#include "runner/fetch/known_secrets.hpp"
#include "runner/model/run_report.hpp"
#include "runner/run/run_record.hpp"

#include <functional>
#include <string>

namespace disco::run {

/// What a run of any kind works with.
struct Run {
    const StateDirectory& state;
    Scratch& scratch;
    Result& result;
    fetch::Decryption& decryption;
    const fetch::StoredSecrets& known_secrets; ///< of the node, from the last fetch
};

/// The run's frame: a report with its heading and a scratch directory; `work`, whose error is noted in the
/// report; then the report is completed and stored, and what ends the machine is run, if it is to be. The
/// caller has claimed the state (undo/claim). Throws what keeps the report from being begun or stored.
[[nodiscard]] Result carry_out(const CommonOptions& options, const StateDirectory& state,
                               const std::string& command, model::RunMode mode,
                               const std::function<void(const Run&)>& work);

} // namespace disco::run
