#include "runner/undo/rollback.hpp"

#include "runner/border/systemd_runs.hpp"
#include "runner/merge/rollback_plan.hpp"
#include "runner/run/package_locks.hpp"
#include "runner/run/run.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/undo/confirmation.hpp"
#include "runner/undo/follow_up.hpp"
#include "runner/undo/rollback_report.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::undo {
namespace {

std::string chosen_run(const std::string& wanted, const merge::UndoStore& store,
                       const run::StateDirectory& state) {
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

/// A merge that must not stay is undone beside a package manager, too: what that has changed is a conflict.
run::PackageLocks lock_packages(const std::filesystem::path& root, const RollbackOptions& options) {
    try {
        return {root, options.wait};
    } catch (const sys::TryAgain&) {
        if (options.packages == RollbackOptions::Packages::require) throw;
        return {};
    }
}

} // namespace

namespace {

/// What is undone, and how.
struct RollbackJob {
    std::string run;
    model::PathGlobs keep;
    merge::Rollback rollback;
};

class RollbackRun {
public:
    RollbackRun(const RollbackOptions& options, RollbackJob& undoing, const run::Run& run)
        : options_{options}, undoing_{undoing}, rollback_{undoing.rollback}, at_{run}, run_{run.result.run} {}

    void run() {
        run_.root = rollback_.root;
        const UndoneUnits units = report_undone_changes(undoing_.run, rollback_, undoing_.keep, at_.state,
                                                        at_.scratch.path(), at_.result);
        run::note_modules(run_, false);
        if (options_.mode == model::RunMode::noop)
            look_for_conflicts();
        else
            merge();
        run_.merge.kept = rollback_.kept;
        if (run_.outcome == model::RunOutcome::conflict)
            run_.failure = way_on(undoing_.run, rollback_, run_.merge.conflicts, undoing_.keep, at_.state);
        const bool merged = run_.outcome == model::RunOutcome::merged;
        const bool fits = merged || run_.outcome == model::RunOutcome::pending;
        const border::Host host{.root = rollback_.root, .helper = {}, .hidden = {}};
        if (fits && border::systemd_runs(host)) note_units(units, run_.modules.front());
        if (!merged) return;
        note_nameless_owners(rollback_, run_.modules.front());
        follow_up(run_, at_.state, {.host = host, .confirm = options_.confirm});
    }

private:
    void look_for_conflicts() {
        run_.merge.conflicts = merge::find_conflicts(rollback_.trees, rollback_.merged);
        if (run_.merge.conflicts.empty()) return;
        run_.outcome = model::RunOutcome::conflict;
        run_.exit_code = model::ExitCode::conflict;
    }

    void merge() {
        run::merge_trees(run_, std::move(rollback_.trees), at_.state, rollback_.merged,
                         {.rolls_back = undoing_.run, .confirm = options_.confirm});
        if (run_.outcome != model::RunOutcome::merged) return;
        ::unlink(merge::UndoStore{at_.state.undo()}.confirm(undoing_.run).c_str());
    }

    const RollbackOptions& options_;
    RollbackJob& undoing_;
    merge::Rollback& rollback_;
    run::Run at_;
    model::RunReport& run_;
};

/// Were that rollback undone it would leave a merge that nobody has confirmed, and that nobody waits for.
void refuse_to_confirm(const run::StateDirectory& state, const std::string& run) {
    if (confirmation(state, run) != Confirmation::waiting) return;
    throw sys::BadConfiguration{
        fmt::format("run {} waits for confirmation itself, so its rollback cannot: roll it back without "
                    "--confirm, or confirm it first ('{}')",
                    run, state.hint("disco confirm " + run))};
}

} // namespace

run::Result roll_back(const RollbackOptions& options, const run::StateDirectory& state) {
    const merge::UndoStore store{state.undo()};
    const std::string run = chosen_run(options.run, store, state);
    if (options.confirm.count() != 0) refuse_to_confirm(state, run);
    model::PathGlobs keep{options.keep};
    merge::Rollback rollback = merge::plan_rollback(store, run, keep);
    const run::PackageLocks locks =
        options.mode == model::RunMode::noop ? run::PackageLocks{} : lock_packages(rollback.root, options);
    RollbackJob undoing{run, std::move(keep), std::move(rollback)};
    return run::carry_out(options, state, "disco rollback", options.mode, [&](const run::Run& at) {
        RollbackRun{options, undoing, at}.run();
    });
}

std::set<std::string> known_runs(const run::StateDirectory& state) {
    std::set<std::string> runs;
    for (const std::vector<std::string>& some :
         {run::recorded_runs(state), merge::UndoStore{state.undo()}.undoable()})
        runs.insert(some.begin(), some.end());
    return runs;
}

bool is_rolled_back(const run::StateDirectory& state, const std::string& run) {
    return !merge::UndoStore{state.undo()}.rolled_back_by(run).empty();
}

std::string undo_words(const run::StateDirectory& state, const std::string& run) {
    const merge::UndoStore store{state.undo()};
    if (const std::string by = store.rolled_back_by(run); !by.empty()) return "rolled back by " + by;
    if (!sys::stat_path(store.record(run))) return "";
    switch (confirmation(state, run)) {
    case Confirmation::waiting: return "waits for confirmation";
    case Confirmation::not_undone: return "was not confirmed, but could not be rolled back";
    case Confirmation::confirmed:
    case Confirmation::undone: break;
    }
    return "can be rolled back";
}

} // namespace disco::undo
