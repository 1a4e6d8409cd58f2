#include "runner/dance/rollback.hpp"

#include "runner/dance/confirmation.hpp"
#include "runner/dance/package_locks.hpp"
#include "runner/dance/recover.hpp"
#include "runner/merge/rollback.hpp"
#include "runner/report/inverse_change.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
namespace {

std::string chosen_run(const std::string& wanted, const merge::UndoStore& store,
                       const StateDirectory& state) {
    if (wanted.empty()) {
        const std::vector<std::string> undoable = store.undoable();
        if (undoable.empty())
            throw sys::Error{
                fmt::format("there is no run to roll back: nothing that a merge replaced is kept in '{}'",
                            store.path().string())};
        const auto last = std::find_if(undoable.rbegin(), undoable.rend(),
                                       [&](const std::string& run) { return !store.is_of_times(run); });
        return last == undoable.rend() ? undoable.back() : *last;
    }
    std::set<std::string> found = known_runs(state);
    std::erase_if(found, [&](const std::string& run) { return !run.starts_with(wanted); });
    if (found.empty())
        throw sys::BadConfiguration{fmt::format("there is no run '{}' to roll back; '{}' lists them",
                                                sys::printable(wanted), state.hint("disco runs"))};
    if (found.size() > 1)
        throw sys::BadConfiguration{fmt::format("'{}' fits {} runs; '{}' lists them", sys::printable(wanted),
                                                found.size(), state.hint("disco runs"))};
    return *found.begin();
}

/// What the run changed, the other way round and last first.
void report_changes(const std::string& run, const StateDirectory& state, const Scratch& scratch,
                    Result& result) {
    model::ModuleReport& module = result.run.modules.emplace_back();
    module.name = "rollback of " + run;
    const auto file = state.runs() / run / "report.json";
    if (!sys::stat_path(file)) {
        spdlog::warn(
            "the report of run {} is not there any more: rolling it back without showing what that changes",
            run);
        module.outcome = model::ModuleOutcome::changed;
        return;
    }
    const report::StoredReport stored = report::load_report(file, scratch.path());
    result.run.node = stored.run.node;
    for (std::size_t i = stored.changes.size(); i-- > 0;)
        stored.changes.for_each_json(i, 1, [&](std::string_view change) {
            result.changes->append_json(report::inverse_change(change));
        });
    for (const model::ModuleReport& one : stored.run.modules)
        for (std::size_t kind = 0; kind < one.change_counts.size(); ++kind)
            module.change_counts[kind] += one.change_counts[kind];
    using Kind = model::ChangeKind;
    std::swap(module.change_counts[static_cast<std::size_t>(Kind::created)],
              module.change_counts[static_cast<std::size_t>(Kind::deleted)]);
    module.outcome = model::ModuleOutcome::changed;
}

/// A merge that must not stay is undone beside a package manager, too: what that has changed is a conflict.
PackageLocks lock_packages(const std::filesystem::path& root, const RollbackOptions& options) {
    try {
        return {root, options.wait};
    } catch (const sys::TryAgain&) {
        if (options.packages == RollbackOptions::Packages::require) throw;
        return {};
    }
}

} // namespace

Result roll_back_locked(const RollbackOptions& options, const StateDirectory& state) {
    const Stopwatch watch;
    const merge::UndoStore store{state.undo()};
    const std::string run = chosen_run(options.run, store, state);
    Scratch scratch{state};
    Result result{begin_report("disco rollback", options,
                               options.noop ? model::RunMode::noop : model::RunMode::live,
                               node_name(options)),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    merge::Rollback rollback = merge::plan_rollback(store, run);
    result.run.root = rollback.root;
    report_changes(run, state, scratch, result);
    note_modules(result.run, false);
    if (options.noop) {
        result.run.merge.conflicts = merge::find_conflicts(rollback.trees, rollback.merged);
        if (!result.run.merge.conflicts.empty()) {
            result.run.outcome = model::RunOutcome::conflict;
            result.run.exit_code = static_cast<int>(model::ExitCode::conflict);
        }
    } else {
        const PackageLocks locks = lock_packages(rollback.root, options);
        merge_trees(result.run, std::move(rollback.trees), state, rollback.merged,
                    {.rolls_back = run, .confirm = {}});
        if (result.run.outcome == model::RunOutcome::merged) ::unlink(store.confirm(run).c_str());
    }
    if (result.run.outcome == model::RunOutcome::conflict)
        result.run.failure =
            fmt::format("what run {} replaced stays in '{}': take from there by hand what is wanted", run,
                        (store.of(run) / "data").string());
    conclude(result, options, watch, state);
    return result;
}

std::set<std::string> known_runs(const StateDirectory& state) {
    std::set<std::string> runs;
    for (const std::vector<std::string>& some :
         {recorded_runs(state), merge::UndoStore{state.undo()}.undoable()})
        runs.insert(some.begin(), some.end());
    return runs;
}

std::string undo_words(const StateDirectory& state, const std::string& run) {
    const merge::UndoStore store{state.undo()};
    if (const std::string by = store.rolled_back_by(run); !by.empty()) return "  rolled back by " + by;
    if (!sys::stat_path(store.record(run))) return "";
    switch (confirmation(state, run)) {
    case Confirmation::waiting: return "  waits for confirmation";
    case Confirmation::not_undone: return "  was not confirmed, but could not be rolled back";
    case Confirmation::confirmed:
    case Confirmation::undone: break;
    }
    return "  can be rolled back";
}

Result roll_back(const RollbackOptions& options) {
    const StateDirectory state{options.state_dir};
    const sys::FileLock lock = state.lock("disco rollback", options.wait);
    settle_earlier_runs(state);
    return roll_back_locked(options, state);
}

} // namespace disco::dance
