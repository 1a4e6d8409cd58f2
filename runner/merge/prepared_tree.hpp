#pragma once

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/merger.hpp"
#include "runner/model/merge_plan.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::merge {

/// One managed mount with its plan, and the objects of the plan ready to be renamed into place.
class PreparedTree {
public:
    /// Opens what is needed and plans; prepares nothing yet.
    PreparedTree(const TreeToMerge& tree, const std::filesystem::path& staging);

    /// Everything before the first live change: bookkeeping off, and where scratch and live root are
    /// different mounts, copies of all objects on the live root's file system. Synced.
    void prepare();

    [[nodiscard]] const model::MergePlan& plan() const noexcept { return plan_; }
    [[nodiscard]] const std::string& prefix() const noexcept { return tree_.prefix; }
    [[nodiscard]] DirectoryCache& live() noexcept { return live_; }
    /// Where an object lies now.
    [[nodiscard]] DirectoryCache::Place place_of(const model::ObjectSource& source);
    /// A directory on the live root's mount, for what is removed. Valid after `prepare`.
    [[nodiscard]] int keep_directory() const noexcept { return keep_.get(); }
    void sync() const;
    /// Leaves what was replaced where it is when this object goes.
    void keep() noexcept { (void)aside_.keep(); }
    /// Absolute path of a step's target and of the place where its original is kept, for messages.
    [[nodiscard]] std::string shown(const std::string& path) const;

private:
    void copy_aside();
    [[nodiscard]] bool on_one_mount() const;

    const TreeToMerge& tree_;
    std::filesystem::path staging_path_;
    model::MergePlan plan_;
    DirectoryCache live_, layer_, staging_;
    sys::OwnedDirectory aside_; ///< on the live root's file system, when scratch is elsewhere
    sys::UniqueFd keep_;
};

} // namespace disco::merge
