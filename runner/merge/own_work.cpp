#include "runner/merge/own_work.hpp"

#include "runner/merge/journal.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

#include <algorithm>
#include <variant>

#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

using model::Stamp;

/// What a step expected to find at its path, of one that takes it away or changes it.
const Stamp* expected_by(const model::PreparedStep& step) {
    if (const auto* exchange = std::get_if<model::PreparedExchange>(&step)) return &exchange->expected;
    if (const auto* remove = std::get_if<model::Remove>(&step)) return &remove->expected;
    const auto* metadata = std::get_if<model::PreparedMetadata>(&step);
    return metadata == nullptr ? nullptr : &metadata->expected;
}

/// The inode that a step of a rollback leaves at its path; 0: none that was there before.
std::uint64_t left_by(const model::PreparedStep& step) {
    if (const auto* put = std::get_if<model::PreparedPut>(&step)) return put->inode;
    if (const auto* exchange = std::get_if<model::PreparedExchange>(&step)) return exchange->inode;
    const auto* metadata = std::get_if<model::PreparedMetadata>(&step);
    return metadata == nullptr ? 0 : metadata->expected.inode;
}

/// All but the inode and the ctime, which putting back changes. Directories get their times back only where
/// that can be, and sizes as their file system likes.
bool is_as_before(const Stamp& now, const Stamp& before) {
    return now.mode == before.mode && now.uid == before.uid && now.gid == before.gid &&
           (S_ISDIR(now.mode) || (now.size == before.size && sys::same_moment(now.mtime, before.mtime)));
}

} // namespace

OwnWork::OwnWork(const UndoStore& store, const timespec& moment) : moment_{moment}, times_{store.times()} {
    for (const auto& [run, by] : store.rolled_back()) {
        if (!sys::stat_path(store.record(run)) || !sys::stat_path(store.record(by))) continue;
        try {
            const auto merged = read_committed(store.record(run));
            if (!merged || !sys::later(*merged, moment)) continue; // it was there before
            const auto record = read_journal(store.record(run)), rollback = read_journal(store.record(by));
            if (record && record->committed && rollback && rollback->committed) add(*record, *rollback);
        } catch (const sys::Error& error) {
            spdlog::warn("what run {} has put back counts as changed by somebody else: {}", by,
                         error.full_text());
        }
    }
}

void OwnWork::add(const JournalRecord& run, const JournalRecord& rollback) {
    for (std::size_t i = 0; i < run.trees.size(); ++i) {
        const std::filesystem::path& live = run.trees[i].live;
        const auto tree = std::find_if(rollback.trees.begin(), rollback.trees.end(),
                                       [&](const JournalTree& one) { return one.live == live; });
        if (tree == rollback.trees.end()) continue;
        const model::PreparedPlan& done = run.plans[i];
        const model::PreparedPlan& undone =
            rollback.plans[static_cast<std::size_t>(tree - rollback.trees.begin())];
        const auto note = [&](const std::string& path, const Stamp& before, std::uint64_t inode) {
            put_back_[live / path].push_back({before, inode, *run.committed, *rollback.committed});
        };
        // A rollback may have left some of it as it was.
        std::map<std::string_view, std::uint64_t> left;
        for (const model::PreparedStep& step : undone.live) left[model::path_of(step)] = left_by(step);
        for (const model::PreparedStep& step : done.live) {
            const auto found = left.find(model::path_of(step));
            const Stamp* expected = expected_by(step);
            if (expected != nullptr && found != left.end() && found->second != 0)
                note(model::path_of(step), *expected, found->second);
        }
        // Directories in which names came and went again, if nobody has made or removed one in between.
        std::map<std::string_view, timespec> stayed;
        for (const model::DirectoryTimes& parent : undone.parents_before)
            if (parent.ctime) stayed[parent.path] = *parent.ctime;
        for (const model::DirectoryTimes& parent : done.parents_before) {
            const auto found = stayed.find(parent.path);
            if (!parent.ctime || found == stayed.end() || left.contains(parent.path)) continue;
            Stamp between;
            between.ctime = found->second;
            if (!inode_at(live / parent.path, between, *run.committed)) continue;
            Stamp before;
            before.ctime = *parent.ctime;
            note(parent.path, before, 0);
        }
    }
}

/// Goes back from one piece of own work to the one before it: each has left the object with a ctime that says
/// when it was.
std::optional<std::uint64_t> OwnWork::inode_at(const std::string& path, Stamp stamp,
                                               const timespec& moment) const {
    const auto found = put_back_.find(path);
    bool known_mtime = true;
    while (sys::later(stamp.ctime, moment)) {
        if (const auto before = times_.before(path, stamp.inode, stamp.ctime)) {
            stamp.ctime = *before;
            known_mtime = false;
            continue;
        }
        if (found == put_back_.end()) return std::nullopt;
        const auto at =
            std::find_if(found->second.begin(), found->second.end(), [&](const RestoredObject& one) {
                if (!sys::later(stamp.ctime, one.after) || sys::later(stamp.ctime, one.until)) return false;
                if (one.inode == 0 || stamp.mode == 0) return true;
                Stamp before = one.before;
                if (!known_mtime) before.mtime = stamp.mtime;
                return one.inode == stamp.inode && is_as_before(stamp, before);
            });
        if (at == found->second.end() || !sys::later(stamp.ctime, at->before.ctime)) return std::nullopt;
        if (at->inode == 0) {
            stamp.ctime = at->before.ctime;
        } else {
            stamp = at->before;
            known_mtime = true;
        }
    }
    return stamp.inode;
}

} // namespace disco::merge
