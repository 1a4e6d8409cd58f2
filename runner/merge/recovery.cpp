#include "runner/merge/recovery.hpp"

#include "runner/merge/copy_check.hpp"
#include "runner/merge/journal.hpp"
#include "runner/merge/kept_originals.hpp"
#include "runner/merge/left_staging.hpp"
#include "runner/merge/merge_places.hpp"
#include "runner/merge/merged_times.hpp"
#include "runner/merge/originals_home.hpp"
#include "runner/merge/staging_directory.hpp"
#include "runner/merge/undo_steps.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

namespace fs = std::filesystem;

class Recovery {
public:
    Recovery(const UndoStore& store, JournalRecord record)
        : store_{store}, record_{std::move(record)}, run_{record_.heading.run} {
        for (const JournalTree& tree : record_.trees)
            tops_.push_back(sys::try_open_real_directory(tree.live));
    }

    RecoveryResult recover() {
        if (record_.committed) return complete();
        return take_all_back();
    }

private:
    RecoveryResult take_all_back() {
        RecoveryResult recovered{
            .outcome = RecoveryResult::Outcome::nothing_done, .run = run_, .foreign = {}, .kept_in = {}};
        if (record_.planned && !record_.undone) {
            record_.foreign = take_back();
            note_undone(store_.journal(run_), record_.foreign);
        }
        if (record_.planned) recovered.outcome = RecoveryResult::Outcome::undone;
        recovered.foreign = record_.foreign;
        give_back();
        if (recovered.foreign.empty()) {
            clear_live_roots();
        } else {
            recovered.kept_in = keep_foreign();
        }
        store_.remove(run_);
        return recovered;
    }

    [[nodiscard]] fs::path shown_staging(std::size_t i) const {
        return record_.trees[i].live / record_.trees[i].staging;
    }

    /// A directory on the live root's file system, where the undo store is on another one; nothing when it is
    /// not there (any more).
    [[nodiscard]] std::optional<StagingDirectory> staging_directory(std::size_t i) const {
        const JournalTree& tree = record_.trees[i];
        if (tree.staging.empty() || !tops_[i]) return std::nullopt;
        // What an earlier disco has planned it has noted no inode of.
        const auto content = tree.staging_inode != 0 || record_.planned ? StagingDirectory::Content::any
                                                                        : StagingDirectory::Content::none;
        return StagingDirectory::find(tops_[i].get(), tree.staging, tree.staging_inode, content,
                                      shown_staging(i));
    }
    /// Somebody else has put something under its name.
    [[nodiscard]] bool has_foreign_staging(std::size_t i) const {
        const JournalTree& tree = record_.trees[i];
        return !tree.staging.empty() && tops_[i] && sys::stat_at(tops_[i].get(), tree.staging);
    }

    /// Where what is exchanged lies.
    [[nodiscard]] sys::UniqueFd staging(std::size_t i) const {
        if (record_.trees[i].staging.empty()) return sys::open_directory(store_.kept(run_, i));
        const auto found = staging_directory(i);
        if (!found) refuse_without(shown_staging(i), has_foreign_staging(i));
        return sys::open_on_mount(found->directory(), ".", O_RDONLY | O_DIRECTORY);
    }

    [[noreturn]] void refuse_without(const fs::path& missing, bool foreign = false) const {
        throw sys::Error{fmt::format(
            "the merge was interrupted, and '{}' is {}, so nothing is put back yet. Is its file "
            "system mounted? Mount it and run '{}'; {}",
            missing.string(),
            foreign ? "not what the merge made: somebody else has put something in its place" : "not there",
            store_.hint("disco recover"), last_resort())};
    }
    [[nodiscard]] std::string last_resort() const {
        return fmt::format(
            "if it is gone for good, move '{}' elsewhere, and what else the run changed stays as it is now",
            store_.of(run_).string());
    }

    std::vector<std::string> take_back() {
        for (std::size_t i = 0; i < record_.trees.size(); ++i)
            if (!tops_[i]) refuse_without(record_.trees[i].live);
        std::deque<MergePlaces> places;
        for (std::size_t i = 0; i < record_.trees.size(); ++i) // all must be there before anything is touched
            places.emplace_back(record_.trees[i].prefix,
                                sys::open_on_mount(tops_[i].get(), ".", O_RDONLY | O_DIRECTORY),
                                sys::open_directory(store_.layer(run_, i)), staging(i));
        std::vector<std::string> failed, foreign;
        for (std::size_t i = record_.trees.size(); i-- > 0;) {
            UndoResult result = undo_steps(record_.plans[i], places[i], *record_.planned);
            std::move(result.failed.begin(), result.failed.end(), std::back_inserter(failed));
            std::move(result.foreign.begin(), result.foreign.end(), std::back_inserter(foreign));
        }
        if (!failed.empty())
            throw sys::Error{fmt::format("the merge was interrupted, and these could not be put back:\n  "
                                         "{}\nWhat was replaced is kept in "
                                         "'{}'. Mend what is in the way and run '{}'; {}",
                                         fmt::join(failed, "\n  "), store_.of(run_).string(),
                                         store_.hint("disco recover"), last_resort())};
        for (const MergePlaces& one : places) one.sync();
        return foreign;
    }

    /// What a rollback took from the run that it was to undo.
    void give_back() {
        const std::string& from = record_.heading.rolls_back;
        if (from.empty()) return;
        for (std::size_t i = 0; i < record_.trees.size(); ++i) {
            move_back(store_.layer(run_, i), store_.layer(from, i));
            move_back(store_.kept(run_, i), store_.kept(from, i));
        }
        sys::sync_file_system_of(store_.path()); // before the journal goes, which tells where they were
        if (record_.planned) note_committed_again(store_.record(from), sys::passed_moment());
    }
    static void move_back(const fs::path& from, const fs::path& to) {
        if (!sys::stat_path(from) || sys::stat_path(to)) return;
        sys::check(::rename(from.c_str(), to.c_str()), "move back", to);
    }

    /// Nothing in them is needed any more: one that cannot be removed stands in nobody's way.
    void remove_staging_directories() const {
        for (std::size_t i = 0; i < record_.trees.size(); ++i) {
            try {
                remove_staging_directory(i);
                if (has_foreign_staging(i))
                    spdlog::warn(
                        "'{}' is not what the merge made: somebody else has put it there, and it stays",
                        shown_staging(i).string());
            } catch (const sys::Interrupted&) {
                throw;
            } catch (const sys::Error& error) {
                spdlog::warn(
                    "run {} is over, and '{}', which holds nothing that is needed any more, cannot be "
                    "removed yet: {}; the next start of disco tries again",
                    run_, shown_staging(i).string(), error.full_text());
                if (record_.trees[i].staging_inode != 0)
                    note_left_staging(store_.left_staging(), record_.trees[i]);
            }
        }
    }
    void remove_staging_directory(std::size_t i) const {
        try {
            return try_to_remove_staging_directory(i);
        } catch (const sys::Interrupted&) {
            throw;
        } catch (const sys::Error& error) { // that may pass: whoever made a file in it has ended, say
            spdlog::debug("{}, trying once more", error.full_text());
        }
        try_to_remove_staging_directory(i);
    }
    void try_to_remove_staging_directory(std::size_t i) const {
        constexpr int most = 100; // tries, against somebody who exchanges names
        for (int tries = 0; tries < most; ++tries) {
            const auto found = staging_directory(i);
            if (!found) return;
            const KeepTimes keep{tops_[i].get(), record_.trees[i].live};
            if (found->remove(tops_[i].get())) return;
        }
        throw sys::Error{"somebody else keeps renaming it, or making files in it"};
    }

    void restore_tops() const {
        for (std::size_t i = 0; i < record_.trees.size(); ++i) {
            const JournalTree& tree = record_.trees[i];
            if (tree.staging.empty() || !tops_[i]) continue;
            struct stat now = {};
            sys::check(::fstat(tops_[i].get(), &now), "look at", tree.live);
            if (!sys::later(now.st_mtim, tree.top.mtime)) continue;
            const struct timespec times[2] = {tree.top.atime, tree.top.mtime};
            sys::check(::futimens(tops_[i].get(), times), "set the times of", tree.live);
        }
    }

    /// Of what was never merged, or was taken back.
    void clear_live_roots() const {
        remove_staging_directories();
        restore_tops();
        sync_tops();
    }

    /// Before the store forgets that something of disco's is there.
    void sync_tops() const {
        for (std::size_t i = 0; i < record_.trees.size(); ++i)
            if (!record_.trees[i].staging.empty() && tops_[i])
                sys::check(::fsync(tops_[i].get()), "sync", record_.trees[i].live);
    }

    RecoveryResult complete() {
        RecoveryResult recovered{
            .outcome = RecoveryResult::Outcome::completed, .run = run_, .foreign = {}, .kept_in = {}};
        await_confirmation();
        try {
            bring_home();
        } catch (const NoRoom& error) {
            return revoke(error);
        }
        const std::string& rolled_back = record_.heading.rolls_back;
        if (!rolled_back.empty() && sys::stat_path(store_.of(rolled_back)))
            store_.note_rolled_back(rolled_back, run_);
        remove_staging_directories();
        sync_tops();
        if (!is_anything_kept()) {
            recovered.outcome = RecoveryResult::Outcome::not_kept;
            store_.remove(run_);
            return recovered;
        }
        note_times();
        if (rolled_back.empty()) remove_copies(record_, store_);
        store_.close_journal(run_, bytes_kept(record_, store_), sets_times_alone(record_.plans));
        return recovered;
    }

    /// First of all: whatever fails, or is interrupted, from here on, it confirms nothing. Not anew when it
    /// was answered meanwhile.
    void await_confirmation() const {
        const auto within = record_.heading.confirm;
        if (within.count() != 0 && !store_.awaited_confirmation(run_))
            store_.await_confirmation(run_, *record_.committed, within);
    }

    [[nodiscard]] bool is_anything_kept() const {
        for (std::size_t i = 0; i < record_.trees.size(); ++i)
            if (!record_.dropped.contains(i) && !record_.plans[i].live.empty()) return true;
        return record_.dropped.empty();
    }

    /// Nobody has confirmed it, and it could not be undone: it does not stay.
    RecoveryResult revoke(const sys::Error& why) {
        note_revoked(store_.journal(run_));
        record_.committed.reset();
        RecoveryResult recovered = take_all_back();
        recovered.why = "what it replaced cannot be kept, so it could not be undone if nobody confirms it: " +
                        why.full_text();
        return recovered;
    }

    [[nodiscard]] fs::path fresh(std::size_t i) const { return store_.kept(run_, i).native() + ".new"; }

    /// Originals on the file system of the live root are copied to the store: nothing of disco stays there.
    /// Only when all of them are there the first ones are no more where they were. Throws NoRoom where the
    /// merge can still be taken back, and must not stay as it is.
    void bring_home() {
        std::vector<std::pair<std::size_t, StagingDirectory>> copied;
        for (std::size_t i = 0; i < record_.trees.size(); ++i) {
            if (record_.dropped.contains(i)) continue;
            auto originals = staging_directory(i);
            if (!originals && has_foreign_staging(i))
                drop(i, sys::Error{fmt::format("'{}' is not what the merge made: somebody else has put "
                                               "something in its place",
                                               shown_staging(i).string())});
            if (!originals && record_.committed && !record_.trees[i].staging.empty() &&
                !record_.dropped.contains(i) &&
                are_not_home(record_.plans[i], record_.has_left_out(i), store_.kept(run_, i)))
                wait_for_mount(i);
            if (!originals || !originals->is_source()) continue;
            try {
                note(i, copy_home(*originals, shown_staging(i), fresh(i)));
                copied.emplace_back(i, *std::move(originals));
            } catch (const NoRoom& error) {
                if (can_be_revoked()) throw;
                drop(i, error);
            }
        }
        for (const auto& [i, originals] : copied) {
            sys::remove_tree(store_.kept(run_, i));
            sys::rename_durably(fresh(i), store_.kept(run_, i));
            originals.end_source(); // before its removal begins
        }
    }
    /// After a reboot, say.
    [[noreturn]] void wait_for_mount(std::size_t i) const {
        throw sys::Error{
            fmt::format("run {} was merged, and what it replaced is in '{}', which is not there. Is "
                        "its file system mounted? Mount it and run '{}'; {}",
                        run_, shown_staging(i).string(), store_.hint("disco recover"), last_resort())};
    }
    [[nodiscard]] bool can_be_revoked() const {
        if (record_.heading.confirm.count() == 0 || !record_.committed || !record_.dropped.empty())
            return false;
        for (std::size_t i = 0; i < record_.trees.size(); ++i) {
            if (record_.trees[i].staging.empty()) continue;
            const auto originals = staging_directory(i);
            if (!originals || !originals->is_source()) return false;
        }
        return true;
    }

    void drop(std::size_t i, const sys::Error& why) {
        if (!record_.committed) throw why; // what is somebody else's is not lost for want of room
        note_dropped(store_.journal(run_), i);
        record_.dropped.insert(i);
        spdlog::warn("run {} was merged, but what it replaced in '{}' cannot be kept, so it cannot be rolled "
                     "back there: {}",
                     run_, record_.trees[i].live.string(), why.full_text());
    }

    void note(std::size_t i, const std::vector<LostOriginal>& not_kept) {
        if (not_kept.empty()) return;
        note_not_kept(store_.journal(run_), i, not_kept);
        std::string lines;
        for (const LostOriginal& one : not_kept)
            lines += fmt::format(
                "\n  {}: {}",
                sys::printable(live_path(record_.plans[i], record_.trees[i].prefix, one.source)), one.why);
        spdlog::warn("run {}: of what it took away these cannot be kept, as whoever owns them stands in the "
                     "way, so they will not come back:{}",
                     run_, lines);
    }

    /// Puts what was taken back out of the way of later runs, where an administrator finds it.
    fs::path keep_foreign() {
        fs::path place = store_.path().parent_path() / "changed-meanwhile" / run_;
        bring_home();
        clear_live_roots();
        sys::make_directories(place, 0700);
        move_back(store_.of(run_) / "data", place / "data");
        move_back(store_.journal(run_), place / "journal");
        sys::sync_file_system_of(store_.path());
        return place;
    }

    /// For the rollback of an earlier run. What was merged stays so, whether this can be noted or not.
    void note_times() const {
        try {
            note_times_set(record_, tops_, store_.times());
        } catch (const sys::Error& error) {
            spdlog::warn(
                "run {} has set times, and that it has cannot be noted, so an earlier run may not be rolled "
                "back: {}",
                run_, error.full_text());
        }
    }
    const UndoStore& store_;
    JournalRecord record_;
    const std::string& run_;
    std::vector<sys::UniqueFd> tops_; ///< top directories of the managed mounts; empty: not there
};

} // namespace

RecoveryResult recover(const UndoStore& store, const std::string& run) {
    std::optional<JournalRecord> record;
    if (sys::stat_path(store.journal(run))) record = read_journal(store.journal(run));
    if (!record) { // it had not begun
        store.remove(run);
        return {.outcome = RecoveryResult::Outcome::nothing_done, .run = run, .foreign = {}, .kept_in = {}};
    }
    return recover(store, std::move(*record));
}

RecoveryResult recover(const UndoStore& store, JournalRecord record) {
    const std::string run = record.heading.run;
    return sys::while_doing(fmt::format("recovering from run {}", run), [&] {
        return Recovery{store, std::move(record)}.recover();
    });
}

std::vector<RecoveryResult> recover_all(const UndoStore& store) {
    store.finish_removals();
    remove_left_staging(store.left_staging());
    std::vector<RecoveryResult> all;
    const std::vector<std::string> runs = store.open_journals();
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) all.push_back(recover(store, *run));
    return all;
}

} // namespace disco::merge
