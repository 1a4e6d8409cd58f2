#include "runner/undo/claim.hpp"

#include "runner/run/run_record.hpp"
#include "runner/undo/confirmation.hpp"
#include "runner/undo/recover.hpp"

namespace disco::undo {
namespace {

/// Checks the node's name first, so that a bad one is an error before anything is made.
const run::CommonOptions& checked(const run::CommonOptions& options) {
    (void)run::node_name(options);
    return options;
}

} // namespace

Claim::Claim(const run::CommonOptions& options, const std::string& command, Purpose purpose)
    : state_{checked(options).state_dir} {
    if (purpose != Purpose::look) {
        lock_ = state_.lock(command, options.wait);
        recover_earlier_runs(state_);
        if (purpose == Purpose::merge) refuse_while_unconfirmed(state_);
    }
    state_.discard_stale_scratch();
}

} // namespace disco::undo
