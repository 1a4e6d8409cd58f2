#pragma once

#include "runner/model/merge_plan.hpp"

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace disco::model {

/// What an object is known by besides its inode number, which another one may get when it is removed: as it
/// was when it lay ready. Its ctime is not among it, as the step itself sets that.
struct SourceMark {
    bool known = false; ///< not in the first journals
    std::uint64_t size = 0;
    timespec mtime = {};
    timespec born = {}; ///< zero: the file system does not tell
};

// Steps with what they are taken back by, also after a crash: a step was taken if the inode that it brings
// lies at its path.
struct PreparedPut : PutNew {
    std::uint64_t inode = 0; ///< of what is put
    SourceMark mark = {};
};
struct PreparedExchange : Exchange {
    std::uint64_t inode = 0; ///< of what comes
    SourceMark mark = {};
};
struct PreparedMetadata : SetMetadata {
    std::shared_ptr<const MetadataChange> change; ///< never null
};
using PreparedStep = std::variant<PreparedPut, PreparedExchange, Remove, PreparedMetadata>;

/// Where the original that a step takes away or replaces lies below the staging directory, or below `kept`
/// when it has come home; null when it is kept elsewhere, or there is none. Of the step, which owns it.
[[nodiscard]] inline const std::string* staged_original(const PreparedStep& step) {
    if (const auto* remove = std::get_if<Remove>(&step)) return &remove->kept_as;
    const auto* exchange = std::get_if<PreparedExchange>(&step);
    return exchange != nullptr && exchange->from.where == ObjectSource::Location::staging
               ? &exchange->from.path
               : nullptr;
}

/// A MergePlan for which everything has been done that comes before the first live change (merge::prepare):
/// what its steps bring lies ready, and all that takes them back is known. Only this is carried out, written
/// to the journal of a merge, and undone.
struct PreparedPlan {
    std::vector<PreparedStep> live; ///< in order
    /// What the directories whose entries the steps change get back when the steps are taken back.
    std::vector<DirectoryTimes> parents_before;
    std::vector<DirectoryTimes> parents_after; ///< as MergePlan::parents_after
};

} // namespace disco::model
