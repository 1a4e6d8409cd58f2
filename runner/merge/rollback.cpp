#include "runner/merge/rollback.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/merge/times_set.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

using model::Stamp;

bool same(const model::Metadata& a, const model::Metadata& b) {
    return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.xattrs == b.xattrs;
}

/// Turns the steps of one managed mount round.
class Inverse {
public:
    /// `times`: null when they do not matter.
    Inverse(const JournalTree& tree, const std::string& run, const timespec& merged, const TimesSet* times)
        : tree_{tree}, run_{run}, merged_{merged}, times_{times}, live_{sys::open_directory(tree.live)} {}

    model::MergePlan plan() {
        for (auto step = tree_.plan.live.rbegin(); step != tree_.plan.live.rend(); ++step)
            plan_.live.push_back(std::visit([this](const auto& one) { return inverse(one); }, *step));
        for (const model::DirectoryTimes& parent : tree_.plan.parents_before) {
            // Whoever has changed a directory since has given it a time of its own.
            const auto now = live_.status_of(parent.path);
            if (now && !sys::later(now->st_mtim, merged_)) plan_.parents_after.push_back(parent);
        }
        return std::move(plan_);
    }

private:
    model::LiveStep inverse(const model::PutNew& step) {
        return model::Remove{step.path, expected(step.path, step.from.inode, Goes::yes),
                             fmt::format("{}.{}", run_, next_++)};
    }
    model::LiveStep inverse(const model::Exchange& step) {
        return model::Exchange{step.path, source(step.from), expected(step.path, step.from.inode, Goes::yes)};
    }
    model::LiveStep inverse(const model::Remove& step) {
        return model::PutNew{step.path, {model::ObjectSource::Where::staging, step.kept_as}};
    }
    model::LiveStep inverse(const model::SetMetadata& step) {
        model::SetMetadata back{step.path, step.like, expected(step.path, step.expected.inode, Goes::no), 0,
                                nullptr};
        back.change = std::make_shared<const model::MetadataChange>(
            model::MetadataChange{step.change->after, step.change->before});
        // A directory's stamps do not tell of its metadata alone.
        const auto now = live_.status_of(step.path);
        if (now && S_ISDIR(now->st_mode)) {
            const DirectoryCache::Place place = live_.parent_of(step.path);
            if (!same(read_metadata(place.directory, place.name, Bookkeeping::keep), step.change->after))
                back.expected = {};
        }
        return back;
    }

    /// Where the original is: where the new object came from, or copied home under the name it had on the
    /// other file system.
    static model::ObjectSource source(const model::ObjectSource& from) { return {from.where, from.path}; }

    /// The object that the merge put there, as it is now: a later change of it shows by its ctime. Any other
    /// is not what it should be, and a stamp that fits nothing makes it a conflict.
    enum class Goes { no, yes };
    Stamp expected(const std::string& path, std::uint64_t inode, Goes goes) {
        const auto now = live_.status_of(path);
        if (now && now->st_ino == inode && (times_ == nullptr || is_untouched(path, *now, goes)))
            return model::stamp(*now);
        Stamp none;
        none.inode = inode;
        return none;
    }

    /// What is looked for at the moment of the merge where no times were set since: a later change, of what
    /// goes also inside.
    [[nodiscard]] bool is_untouched(const std::string& path, const struct stat& now, Goes goes) const {
        const bool directory = S_ISDIR(now.st_mode);
        if (directory && goes == Goes::no) return true;
        if (!times_->accounts_for(tree_.live / path, now, merged_)) return false;
        if (!directory) return true;
        const sys::UniqueFd top = sys::open_directory(tree_.live);
        const sys::UniqueFd inside = sys::open_beneath(top.get(), path, O_RDONLY | O_DIRECTORY);
        const auto entries = sys::list_directory(inside.get(), path);
        return std::all_of(entries.begin(), entries.end(), [&](const sys::DirectoryEntry& entry) {
            const auto status = sys::stat_at(inside.get(), entry.name);
            return !status || is_untouched(path + "/" + entry.name, *status, goes);
        });
    }

    const JournalTree& tree_;
    const std::string& run_; ///< makes names that no earlier merge has given
    const timespec& merged_;
    const TimesSet* times_;
    DirectoryCache live_;
    model::MergePlan plan_;
    std::size_t next_ = 0;
};

} // namespace

Rollback plan_rollback(const UndoStore& store, const std::string& run) {
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
    const TimesSet times{store.times()};
    const bool matter = times.any_since(*record->committed);
    // Then every object is looked at here, and only what changes from now on is left to be seen.
    Rollback rollback{record->heading.root, matter ? sys::passed_moment() : *record->committed, {}};
    for (std::size_t i = 0; i < record->trees.size(); ++i) {
        const JournalTree& tree = record->trees[i];
        sys::while_doing(fmt::format("rolling back run {}", run), [&] {
            rollback.trees.push_back(
                {tree.live, tree.prefix,
                 Inverse{tree, run, *record->committed, matter ? &times : nullptr}.plan(),
                 store.layer(run, i), store.kept(run, i)});
        });
    }
    return rollback;
}

} // namespace disco::merge
