#pragma once

namespace disco::model {

/// The same in NOOP and live, growing with severity, so that a fleet's maximum is its verdict.
enum class ExitCode : int {
    done = 0,
    changes = 2, ///< only with --detailed-exitcode
    failed = 4,
    followup_failed = 6, ///< merged, but an action or a check failed
    conflict = 8,
    undone = 10, ///< merged and undone again
    usage = 64,
    try_again = 75,
    not_root = 77,
    bad_configuration = 78,
    signal_base = 128,
};

} // namespace disco::model
