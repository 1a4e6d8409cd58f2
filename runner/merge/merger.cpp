#include "runner/merge/merger.hpp"

#include "runner/merge/apply_steps.hpp"
#include "runner/merge/live_check.hpp"
#include "runner/merge/merge_places.hpp"
#include "runner/merge/originals.hpp"
#include "runner/merge/preparation.hpp"
#include "runner/merge/recovery.hpp"
#include "runner/merge/staging_directory.hpp"
#include "runner/merge/undo_steps.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/parts.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>

#include <sys/stat.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

void move(const std::filesystem::path& from, const std::filesystem::path& to) {
    sys::check(::rename(from.c_str(), to.c_str()), fmt::format("move '{}' to", from.string()), to);
}

[[noreturn]] void throw_undo_failed(const sys::Error& error, const UndoStore& store) {
    throw UndoFailed{fmt::format("THE LIVE ROOT IS LEFT IN BETWEEN: {}; '{}' tries again", error.full_text(),
                                 store.hint("disco recover"))};
}

class MergeRun {
public:
    MergeRun(std::vector<TreeToMerge>& trees, const UndoStore& store, const JournalHeading& heading,
             const timespec& started)
        : trees_{trees}, store_{store}, run_{heading.run}, started_{started} {
        store_.begin(run_, trees.size());
        record_.heading = heading;
        for (const TreeToMerge& tree : trees) {
            const bool same = tree.plan.live.empty() || (on_one_mount(tree.live, store.of(run_)) &&
                                                         on_one_mount(tree.live, tree.layer));
            struct stat top = {};
            sys::check(::stat(tree.live.c_str(), &top), "stat", tree.live);
            record_.trees.push_back(
                {tree.prefix, tree.live, same ? "" : ".disco-" + run_, {{}, top.st_atim, top.st_mtim}});
        }
        journal_.emplace(store_.journal(run_), heading, record_.trees);
    }

    /// Everything before the first live change.
    void prepare() {
        for (std::size_t i = 0; i < trees_.size(); ++i) {
            const TreeToMerge& tree = trees_[i];
            move(tree.layer, store_.layer(run_, i));
            if (tree.kept.empty())
                sys::make_directories(store_.kept(run_, i), 0700);
            else
                move(tree.kept, store_.kept(run_, i));
            places_.emplace_back(tree.prefix, open_top(tree.live), sys::open_directory(store_.layer(run_, i)),
                                 sys::open_directory(store_.kept(run_, i)));
        }
        make_staging_directories();
        std::size_t steps = 0;
        for (std::size_t i = 0; i < trees_.size(); ++i) {
            record_.plans.push_back(
                merge::prepare(std::move(trees_[i].plan), places_[i],
                               staging_directories_[i] ? &*staging_directories_[i] : nullptr));
            steps += record_.plans[i].live.size();
        }
        sys::side_by_side(
            steps, [&] { sync(); }, [&] { journal_->steps(record_.plans); });
        journal_->planned(sys::now());
    }

    void apply() {
        std::vector<std::size_t> looked_at; // originals of each tree
        for (std::size_t i = 0; i < trees_.size(); ++i)
            looked_at.push_back(apply_steps(record_.plans[i], places_[i], started_));
        for (std::size_t i = 0; i < trees_.size(); ++i) {
            check_originals(record_.plans[i], looked_at[i], places_[i], started_);
            restore_times(record_.plans[i].parents_after, places_[i]);
        }
        const timespec committed = sys::now();
        sync();
        sys::wait_until_passed(committed);
        record_.committed = committed;
        journal_->commit(*record_.committed);
    }

    /// What is left to do once it is committed. The live root is new, whatever fails here, unless the answer
    /// says that it was undone.
    [[nodiscard]] RecoveryResult complete() {
        try {
            return recover(store_, std::move(record_));
        } catch (const sys::Error&) {
            return complete_again();
        }
    }

private:
    static sys::UniqueFd open_top(const std::filesystem::path& live) {
        sys::UniqueFd top = sys::try_open_real_directory(live);
        if (!top) throw sys::SysError{ENOENT, "open directory", live};
        return top;
    }

    /// When there is room for what they are to hold.
    void make_staging_directories() {
        const std::filesystem::path must_keep_in =
            record_.heading.confirm.count() != 0 ? store_.path() : std::filesystem::path{};
        for (std::size_t i = 0; i < trees_.size(); ++i)
            if (!record_.trees[i].staging.empty()) check_room(trees_[i].plan, places_[i], must_keep_in);
        for (std::size_t i = 0; i < trees_.size(); ++i) {
            staging_directories_.emplace_back();
            JournalTree& tree = record_.trees[i];
            if (tree.staging.empty()) continue;
            const int top = places_[i].live().root();
            const KeepTimes keep{top, tree.live};
            staging_directories_.back().emplace(top, tree.staging, tree.live / tree.staging);
            tree.staging_inode = staging_directories_.back()->inode();
        }
        journal_->staging_directories(record_.trees);
    }

    [[nodiscard]] bool is_committed() const noexcept {
        try {
            const auto record = read_journal(store_.journal(run_));
            return !record || record->committed;
        } catch (const sys::Error&) {
            return true;
        }
    }
    /// As after a crash.
    [[nodiscard]] RecoveryResult complete_again() {
        try {
            return recover(store_, run_);
        } catch (const sys::Error& error) {
            if (!is_committed()) throw_undo_failed(error, store_); // any more
            spdlog::warn("run {} was merged, but its journal is still open: {}; '{}' tries again", run_,
                         error.full_text(), store_.hint("disco recover"));
            return {.outcome = RecoveryResult::Outcome::completed, .run = run_, .foreign = {}, .kept_in = {}};
        }
    }
    void sync() const {
        for (const MergePlaces& places : places_) places.sync();
        const bool has_store = std::any_of(record_.trees.begin(), record_.trees.end(),
                                           [](const JournalTree& tree) { return tree.staging.empty(); });
        if (!has_store) sys::sync_file_system_of(store_.of(run_));
    }

    std::vector<TreeToMerge>& trees_;
    const UndoStore& store_;
    const std::string run_;
    const timespec& started_;
    JournalRecord record_;
    std::optional<Journal> journal_;
    std::deque<MergePlaces> places_;
    std::vector<std::optional<StagingDirectory>> staging_directories_; ///< by tree
};

[[noreturn]] void throw_undone(const std::string& why, const RecoveryResult& recovered) {
    if (!recovered.foreign.empty())
        throw Undone{fmt::format(
            "{}; it was undone, but for what somebody else has changed meanwhile:\n  {}\nIt is kept in "
            "'{}'",
            why, fmt::join(recovered.foreign, "\n  "), recovered.kept_in.string())};
    throw Undone{why + "; everything was undone, the live root is as it was"};
}

/// Takes back what was done before `error`, as after a crash. Throws Undone or UndoFailed.
[[noreturn]] void undo(const sys::Error& error, const UndoStore& store, const std::string& run) {
    RecoveryResult recovered;
    try {
        recovered = recover(store, run);
    } catch (const sys::Error& left) {
        throw UndoFailed{fmt::format("{}; THE LIVE ROOT IS LEFT IN BETWEEN: {}; '{}' tries again",
                                     error.full_text(), left.full_text(), store.hint("disco recover"))};
    }
    throw_undone(error.full_text(), recovered);
}

} // namespace

std::vector<model::Conflict> find_conflicts(const std::vector<TreeToMerge>& trees,
                                            const timespec& dance_started) {
    std::vector<model::Conflict> conflicts;
    for (const TreeToMerge& tree : trees) {
        conflicts.insert(conflicts.end(), tree.conflicts.begin(), tree.conflicts.end());
        DirectoryCache live{sys::open_directory(tree.live)};
        for (model::Conflict& conflict : find_conflicts(tree.plan, live, tree.prefix, dance_started))
            conflicts.push_back(std::move(conflict));
    }
    return conflicts;
}

model::MergeReport merge(std::vector<TreeToMerge> trees, const UndoStore& store,
                         const JournalHeading& heading, const timespec& dance_started) {
    // Those of a rollback have originals of the other run, which move together.
    if (heading.rolls_back.empty())
        std::erase_if(trees, [](const TreeToMerge& tree) { return tree.plan.live.empty(); });
    model::MergeReport report;
    for (const TreeToMerge& tree : trees) report.steps += tree.plan.live.size();
    report.conflicts = find_conflicts(trees, dance_started);
    if (!report.conflicts.empty() || report.steps == 0) return report;
    sys::throw_if_interrupted();
    const sys::UninterruptedSection section;
    std::optional<MergeRun> merge;
    try {
        merge.emplace(trees, store, heading, dance_started);
        merge->prepare();
    } catch (const sys::Error& error) { // nothing live was changed
        merge.reset();
        try {
            (void)recover(store, heading.run);
        } catch (const sys::Error& left) {
            spdlog::warn("{}; '{}' tries again", left.full_text(), store.hint("disco recover"));
        }
        const auto* late = dynamic_cast<const LateConflict*>(&error);
        if (late == nullptr) throw;
        report.conflicts.push_back(late->conflict());
        return report;
    }
    try {
        merge->apply();
    } catch (const sys::Error& error) {
        merge.reset();
        undo(error, store, heading.run);
    }
    const RecoveryResult end = merge->complete();
    if (end.outcome == RecoveryResult::Outcome::undone) throw_undone(end.why, end);
    if (end.outcome == RecoveryResult::Outcome::completed) report.undo = store.of(heading.run);
    return report;
}

} // namespace disco::merge
