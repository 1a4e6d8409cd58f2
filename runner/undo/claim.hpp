#pragma once

#include "runner/run/run_options.hpp"
#include "runner/run/state.hpp"
#include "runner/sys/file_lock.hpp"

#include <optional>
#include <string>

namespace disco::undo {

/// The state directory, claimed for one run: nobody else uses it until this ends, and nothing is left to do
/// of earlier runs.
class Claim {
public:
    enum class Purpose {
        merge,   ///< refused while an earlier merge waits for confirmation
        undo,    ///< also of a merge that waits
        preview, ///< of what a merge would do
        look,    ///< beside other runs, whatever they have left: it has a scratch directory of its own
    };
    /// `command`: for whom finds it locked. Throws BadConfiguration when the node's name is bad or no state
    /// can be kept there, TryAgain that names who holds the lock or what waits for confirmation, sys::Error
    /// when an interrupted merge cannot be recovered from.
    Claim(const run::CommonOptions& options, const std::string& command, Purpose purpose);

    [[nodiscard]] const run::StateDirectory& state() const noexcept { return state_; }

private:
    run::StateDirectory state_;
    std::optional<sys::FileLock> lock_;
};

} // namespace disco::undo
