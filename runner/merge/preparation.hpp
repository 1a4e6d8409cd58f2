#pragma once

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/merge_places.hpp"
#include "runner/merge/staging_directory.hpp"
#include "runner/model/merge_plan.hpp"
#include "runner/model/prepared_plan.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sys/error.hpp"

#include <filesystem>
#include <string>
#include <utility>

namespace disco::merge {

/// A conflict that shows only while a merge is prepared.
class LateConflict : public sys::Error {
public:
    explicit LateConflict(model::Conflict conflict)
        : sys::Error{conflict.path + ": expected " + conflict.expected + ", found: " + conflict.found},
          conflict_{std::move(conflict)} {}
    [[nodiscard]] const model::Conflict& conflict() const noexcept { return conflict_; }

private:
    model::Conflict conflict_;
};

/// Whether objects can be renamed from one directory to the other (rename(2) crosses neither mounts nor
/// subvolumes of a btrfs).
[[nodiscard]] bool on_one_mount(const std::filesystem::path& a, const std::filesystem::path& b);

/// What a plan does to the objects of its layer themselves: overlay bookkeeping off, flags on. Throws
/// SysError.
void finish_objects(const model::MergePlan& plan, DirectoryCache& layer);

/// Throws what `prepare` would when a plan needs copies: sys::Error for want of room on the live file system,
/// or of extended attributes there. Only looks. `layer`: what the plan's sources are relative to.
void expect_copies(const model::MergePlan& plan, const std::string& prefix, const std::filesystem::path& live,
                   const std::filesystem::path& layer);

/// Throws sys::Error for want of room, or of extended attributes, for the copies that a plan needs where the
/// live root is another mount. Only looks. `must_keep_in`: the store, where what is replaced has to find
/// room, too; empty: it need not.
void check_room(const model::MergePlan& plan, MergePlaces& places, const std::filesystem::path& must_keep_in);

/// Everything before the first live change to one managed mount: objects finished; a trial of the renames
/// that the steps need; where the live root is another mount, copies of all objects in `staging` on it, for
/// which there has to be room. The steps, with the inodes and the metadata that they are taken back by.
/// `staging`: null: on one mount. Throws SysError; sys::Error for want of the renames; LateConflict.
[[nodiscard]] model::PreparedPlan prepare(model::MergePlan plan, MergePlaces& places,
                                          const StagingDirectory* staging);

} // namespace disco::merge
