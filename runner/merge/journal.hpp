#pragma once

#include "runner/merge/originals_home.hpp"
#include "runner/model/merge_plan.hpp"
#include "runner/model/prepared_plan.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The journal of a merge: a file of JSON lines, so that a person can read what a crash has left. The heading
// is on disk before anything is made outside the undo store, all steps before the first live change, and a
// line at the end says that they were all taken. No progress is recorded: which steps were taken is seen by
// the inodes. A saved plan has the same form, with steps that are not prepared.
namespace disco::merge {

/// One managed mount in a journal.
struct JournalTree {
    std::string prefix;         ///< its path inside the live root: "" or "/home"
    std::filesystem::path live; ///< its root directory
    std::string
        staging; ///< name of a directory in `live` that holds what is exchanged; empty: the undo store does
    /// What `live` gets back when `staging` has come and gone and nothing was merged.
    model::DirectoryTimes top = {};
    /// Inode of `staging`; 0: not known, and nothing was put there.
    std::uint64_t staging_inode = 0;
};

struct JournalHeading {
    std::string run;
    std::string root;       ///< the live root
    std::string version;    ///< of disco
    std::string rolls_back; ///< the run that is undone; empty: none
    /// The merge is to be undone unless it is confirmed within this time; 0: no need. In the journal, so that
    /// a crash right after the merge confirms nothing.
    std::chrono::seconds confirm{0};
};

/// Writes a journal. Everything is on disk when a function returns, unless it says otherwise. Throws
/// SysError.
class Journal {
public:
    /// Creates `path`, with the heading and the trees' places.
    Journal(const std::filesystem::path& path, const JournalHeading& heading,
            const std::vector<JournalTree>& trees);
    /// The directories beside the live trees were made, and are known by their inodes from now on: whoever
    /// owns the directory that one is in may exchange it.
    void staging_directories(const std::vector<JournalTree>& trees);
    /// All that is going to happen, by tree; not on disk yet.
    void steps(const std::vector<model::PreparedPlan>& plans);
    /// Of a plan that is only saved.
    void steps(const std::vector<model::MergePlan>& plans);
    /// They are all there, and the objects as well. `moment`: CLOCK_REALTIME, later than any change to these.
    void planned(const timespec& moment);
    /// All steps were taken. `moment`: CLOCK_REALTIME after the last one.
    void commit(const timespec& moment);

private:
    template <class Plan> void write_steps(const std::vector<Plan>& plans);
    void write(const std::string& lines);

    std::filesystem::path path_;
    sys::UniqueFd file_;
    std::size_t steps_ = 0;
};

/// A journal as it was read.
struct JournalRecord {
    JournalHeading heading;
    std::vector<JournalTree> trees;
    std::vector<model::PreparedPlan> plans; ///< by tree
    std::optional<timespec> planned;        ///< the plan is whole: live changes may have been made
    std::optional<timespec> committed;      ///< all of them were, and are on disk
    /// What could not be kept of what was merged, by the path below the tree's staging directory.
    struct LostOriginal {
        std::size_t tree;
        std::string source;
    };
    std::vector<LostOriginal> not_kept;
    [[nodiscard]] bool has_left_out(std::size_t tree) const {
        return std::any_of(not_kept.begin(), not_kept.end(),
                           [&](const LostOriginal& one) { return one.tree == tree; });
    }
    std::set<std::size_t> dropped; ///< trees of whose originals none were kept
    bool undone = false;           ///< all of them were taken back
    /// Of `undone`: what somebody else had changed, a line each; to be kept for them.
    std::vector<std::string> foreign;
};

/// A saved plan as it was read.
struct SavedPlan {
    JournalHeading heading;
    std::vector<JournalTree> trees;
    std::vector<model::MergePlan> plans; ///< by tree
    timespec planned = {};               ///< what has changed since is a conflict
};

/// Nothing when not even the heading is whole. Throws SysError; sys::Error for a journal of another version
/// and for one that is damaged, naming it.
[[nodiscard]] std::optional<JournalRecord> read_journal(const std::filesystem::path& path);
/// The same of a saved plan; nothing when any of it is missing.
[[nodiscard]] std::optional<SavedPlan> read_saved_plan(const std::filesystem::path& path);

/// The last `committed` of a journal, without all that comes before it; nothing when it has none or is
/// damaged. Throws SysError.
[[nodiscard]] std::optional<timespec> read_committed(const std::filesystem::path& path);

/// Adds that everything was taken back, and what of it is somebody else's.
void note_undone(const std::filesystem::path& journal, const std::vector<std::string>& foreign);

/// Adds what could not be kept, with the reasons: for the record, and for people.
void note_not_kept(const std::filesystem::path& journal, std::size_t tree,
                   const std::vector<LostOriginal>& not_kept);
void note_dropped(const std::filesystem::path& journal, std::size_t tree);
/// Adds that what was committed is to be taken back: from then on a crash leads back to the old tree.
void note_revoked(const std::filesystem::path& journal);

/// Adds that what was merged has stayed, with new stamps, until `moment`: somebody had begun to roll it back.
void note_committed_again(const std::filesystem::path& record, const timespec& moment);

} // namespace disco::merge
