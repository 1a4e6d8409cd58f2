#pragma once

#include "runner/merge/merge_places.hpp"
#include "runner/model/prepared_plan.hpp"

#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace disco::merge {

/// What taking back leaves.
struct UndoResult {
    /// Could not be put back, a line each with the reason: the live root is in between.
    std::vector<std::string> failed;
    /// Was changed by somebody else after the merge had put it there, a line each: theirs is kept.
    std::vector<std::string> foreign;
};

/// Takes the steps of a plan back, last first, and gives the directories their times back. Which steps were
/// taken is seen by the inodes, so this also takes back what a crash left, and can itself be repeated after
/// one. `planned`: the moment after which nobody but a stranger has changed what the plan brings. Throws
/// nothing but std::bad_alloc.
[[nodiscard]] UndoResult undo_steps(const model::PreparedPlan& plan, MergePlaces& places,
                                    const timespec& planned);

/// Gives a directory its times back at the end of a scope in which entries of no account are made or removed
/// in it.
class KeepTimes {
public:
    /// `directory`: borrowed; `shown`: its path, for messages. Throws SysError.
    KeepTimes(int directory, const std::filesystem::path& shown);
    KeepTimes(const KeepTimes&) = delete;
    KeepTimes& operator=(const KeepTimes&) = delete;
    ~KeepTimes();

private:
    int directory_;
    timespec times_[2] = {};
};

/// Sets the times of directories that are still there. Throws SysError.
void restore_times(const std::vector<model::DirectoryTimes>& directories, MergePlaces& places);

} // namespace disco::merge
