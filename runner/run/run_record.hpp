#pragma once

#include "runner/merge/merger.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/report/change_log.hpp"
#include "runner/report/masked_run.hpp"
#include "runner/run/run_options.hpp"
#include "runner/run/settings.hpp"
#include "runner/run/state.hpp"
#include "runner/run/stopwatch.hpp"
#include "runner/sys/error.hpp"

#include <memory>
#include <optional>

namespace disco::run {

/// What a command that ran in a sandbox hands back: the report and the changes it counts.
struct Result {
    model::RunReport run;
    std::unique_ptr<report::ChangeLog> changes; ///< empty when the run ended before there could be any
    std::optional<ClientSettings> settings{};   ///< of the whole node, where the run has read them
    model::SecretMask mask{};                   ///< of the node's secrets, as far as they are known
    std::string unknown_secrets{};              ///< why some are not; empty: all are known
    /// With --show-secrets: the changes as they are; `changes` lacks their secrets.
    std::unique_ptr<report::ChangeLog> plain_changes{};

    [[nodiscard]] const report::ChangeLog& shown_changes() const {
        return plain_changes ? *plain_changes : *changes;
    }
    /// Masks from now on what it knows.
    void keep_out(model::SecretMask secrets);
};

/// What is to be seen of a result. Borrows it.
struct Seen {
    report::MaskedRun run;
    const report::ChangeLog& changes;
};
/// As it was asked for; and as it is recorded: without secrets.
[[nodiscard]] Seen shown(const Result& result);
[[nodiscard]] Seen recorded(const Result& result);

/// A report with its heading filled in: id, node, mode, root, start.
[[nodiscard]] model::RunReport begin_report(const std::string& command, const CommonOptions& options,
                                            model::RunMode mode, const std::string& node);

/// The node's name: as asked for, else the host name (gethostname(2)). Throws BadConfiguration for a bad one.
[[nodiscard]] std::string node_name(const CommonOptions& options);

/// Notes how a run ended by an error: outcome, exit code, text.
void note_failure(model::RunReport& run, const sys::Error& error);

/// The outcome and exit code of modules that all ran, before any merge; concludes on their actions (see
/// model::conclude_actions for `reload_units`).
void note_modules(model::RunReport& run, bool reload_units);

/// Whether any module changed something: else all that may be pending are actions.
[[nodiscard]] bool has_changes(const model::RunReport& run);

struct MergeTerms {
    std::string rolls_back;          ///< the run that is undone by it; empty: none
    std::chrono::seconds confirm{0}; ///< see merge::JournalHeading
};

/// Merges and notes the outcome: merged, conflict, failed or undone. `started`: see merge::merge.
void merge_trees(model::RunReport& run, std::vector<merge::TreeToMerge> trees, const StateDirectory& state,
                 const timespec& started, const MergeTerms& terms = {});

/// The same for layers that hold times alone, which are no change: the outcome and the exit code stay as they
/// are if all goes well, which it returns.
bool merge_times(model::RunReport& run, std::vector<merge::TreeToMerge> trees, const StateDirectory& state,
                 const timespec& started);

/// Completes the report (the time since `watch` began; exit code 2 for changes, if that was asked for) and
/// writes it to runs/ID/report.json. Throws SysError.
void conclude(Result& result, const CommonOptions& options, const Stopwatch& watch,
              const StateDirectory& state);

/// Writes the report once more, when something has become of the run since. That it cannot is only logged.
void record_again(const Result& result, const StateDirectory& state);

} // namespace disco::run
