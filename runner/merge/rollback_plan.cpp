#include "runner/merge/rollback_plan.hpp"

#include "runner/merge/inverse_plan.hpp"
#include "runner/merge/kept_originals.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

void refuse_slips(const Rollback& rollback, const std::string& run, const model::PathGlobs& keep) {
    if (const auto idle = keep.without_match(); !idle.empty())
        throw sys::UsageError{fmt::format("--keep {} matches nothing that run {} changed: a GLOB is a path "
                                          "from the root of the tree, `*` stands "
                                          "for what is within one name, `**` for any number of directories",
                                          sys::quote_words({idle.front()}), run)};
    const bool nothing_left =
        !keep.empty() && std::all_of(rollback.trees.begin(), rollback.trees.end(),
                                     [](const TreeToMerge& tree) { return tree.plan.live.empty(); });
    if (nothing_left)
        throw sys::UsageError{
            fmt::format("--keep keeps all that run {} changed: there is nothing left to roll back", run)};
}

/// What could not be kept of one managed mount, also of what was in one of its originals.
LostOriginals lost_of(const JournalRecord& record, std::size_t tree, const std::filesystem::path& kept,
                      Rollback& rollback) {
    LostOriginals lost{.all = record.dropped.contains(tree), .sources = {}};
    for (const JournalRecord::LostOriginal& one : record.not_kept) {
        // Another try, after an interruption, may have kept it.
        if (one.tree != tree || sys::stat_path(kept / one.source)) continue;
        lost.sources.insert(one.source);
        rollback.lost.insert(live_path(record.plans[tree], record.trees[tree].prefix, one.source));
    }
    return lost;
}

void tell_lost(const Rollback& rollback, const std::string& run) {
    if (rollback.lost.empty()) return;
    constexpr std::size_t most = 100;
    std::string lines;
    std::size_t count = 0;
    for (const std::string& path : rollback.lost)
        if (++count <= most) lines += "\n  " + sys::printable(path);
    if (count > most) lines += fmt::format("\n  and {} more", count - most);
    spdlog::warn("what run {} replaced here could not be kept when it was merged, and does not come back:{}",
                 run, lines);
}

} // namespace

Rollback plan_rollback(const UndoStore& store, const std::string& run, model::PathGlobs& keep) {
    if (const std::string by = store.rolled_back_by(run); !by.empty())
        throw sys::Error{
            fmt::format("run {} has been rolled back already, by run {}: '{}' would merge it again", run, by,
                        store.hint("disco rollback " + by))};
    if (!sys::stat_path(store.record(run)))
        throw sys::Error{fmt::format(
            "run {} cannot be rolled back: it merged nothing, or what it replaced is not kept any more "
            "(parameters disco/client/undo/runs and disco/client/undo/mib)",
            run)};
    const auto record = read_journal(store.record(run));
    if (!record || !record->committed)
        throw sys::Error{fmt::format("run {} cannot be rolled back: '{}', which says what it did, is damaged",
                                     run, store.record(run).string())};
    const OwnWork own{store, *record->committed};
    // Then every object is looked at here, and only what changes from now on is left to be seen.
    Rollback rollback;
    rollback.root = record->heading.root;
    rollback.merged = own.any() ? sys::passed_moment() : *record->committed;
    const InverseTerms terms{run, *record->committed, own.any() ? &own : nullptr, keep};
    for (std::size_t i = 0; i < record->trees.size(); ++i)
        sys::while_doing(fmt::format("rolling back run {}", run), [&] {
            const LostOriginals lost = lost_of(*record, i, store.kept(run, i), rollback);
            add_inverse(record->trees[i], record->plans[i], terms, lost, store.layer(run, i),
                        store.kept(run, i), rollback);
        });
    tell_lost(rollback, run);
    std::sort(rollback.kept.begin(), rollback.kept.end());
    refuse_slips(rollback, run, keep);
    return rollback;
}

} // namespace disco::merge
