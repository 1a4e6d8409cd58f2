#pragma once

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/merge_places.hpp"
#include "runner/model/merge_plan.hpp"

#include <filesystem>
#include <string>

namespace disco::merge {

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

/// Everything before the first live change to one managed mount: objects finished; a trial of the renames
/// that the steps need; where the live root is another mount, copies of all objects in `aside` on it, which
/// are checked first (expect_copies); and in the plan, the inodes and the metadata that the steps are taken
/// back by. `aside`: a directory that is made here; empty: on one mount. `must_keep_in`: the store, where
/// what is replaced on another mount has to find room, too; empty: it need not. Throws SysError; sys::Error
/// for want of room, attributes or the renames.
void prepare(model::MergePlan& plan, MergePlaces& places, const std::filesystem::path& aside,
             const std::filesystem::path& must_keep_in);

} // namespace disco::merge
