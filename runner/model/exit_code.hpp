#pragma once

namespace disco::model {

/// What a process ends with. The same in NOOP and live, growing with severity, so that a fleet's maximum is
/// its verdict.
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
    signal_base = 128, ///< and the number of the signal that interrupted it
};

[[nodiscard]] constexpr int to_int(ExitCode code) noexcept { return static_cast<int>(code); }

[[nodiscard]] constexpr ExitCode interrupted_by(int signal) noexcept {
    return ExitCode{to_int(ExitCode::signal_base) + signal};
}

} // namespace disco::model
