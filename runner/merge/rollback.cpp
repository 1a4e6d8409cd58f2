#include "runner/merge/rollback.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

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
    Inverse(const JournalTree& tree, const std::string& run, const timespec& merged)
        : tree_{tree}, run_{run}, merged_{merged}, live_{sys::open_directory(tree.live)} {}

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
        return model::Remove{step.path, expected(step.path, step.from.inode),
                             fmt::format("{}.{}", run_, next_++)};
    }
    model::LiveStep inverse(const model::Exchange& step) {
        return model::Exchange{step.path, source(step.from), expected(step.path, step.from.inode)};
    }
    model::LiveStep inverse(const model::Remove& step) {
        return model::PutNew{step.path, {model::ObjectSource::Where::staging, step.kept_as}};
    }
    model::LiveStep inverse(const model::SetMetadata& step) {
        model::SetMetadata back{step.path, step.like, expected(step.path, step.expected.inode), 0, nullptr};
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
    Stamp expected(const std::string& path, std::uint64_t inode) {
        const auto now = live_.status_of(path);
        if (now && now->st_ino == inode) return model::stamp(*now);
        Stamp none;
        none.inode = inode;
        return none;
    }

    const JournalTree& tree_;
    const std::string& run_; ///< makes names that no earlier merge has given
    const timespec& merged_;
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
    Rollback rollback{record->heading.root, *record->committed, {}};
    for (std::size_t i = 0; i < record->trees.size(); ++i) {
        const JournalTree& tree = record->trees[i];
        sys::while_doing(fmt::format("rolling back run {}", run), [&] {
            rollback.trees.push_back({tree.live, tree.prefix, Inverse{tree, run, *record->committed}.plan(),
                                      store.layer(run, i), store.kept(run, i)});
        });
    }
    return rollback;
}

} // namespace disco::merge
