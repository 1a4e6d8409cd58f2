#include "runner/merge/transaction.hpp"

#include "runner/merge/live_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

void rename_object(const DirectoryCache::Place& from, const DirectoryCache::Place& to, unsigned flags) {
    sys::check(::renameat2(from.directory, from.name.c_str(), to.directory, to.name.c_str(), flags), "rename",
               to.name);
}

} // namespace

Transaction::~Transaction() {
    if (done_.empty()) return;
    // Only an exception that is no Error (out of memory) leads here.
    if (const std::string left = undo(); !left.empty())
        spdlog::critical("the live root is left in between, these could not be put back:{}", left);
}

void Transaction::apply() {
    for (std::size_t tree = 0; tree < trees_.size(); ++tree) {
        const auto& steps = trees_[tree].plan().live;
        for (std::size_t step = 0; step < steps.size(); ++step) {
            PreparedTree& prepared = trees_[tree];
            sys::while_doing(fmt::format("merging: {}", model::describe(steps[step])), [&] {
                journal_.before(tree, step);
                // Renaming to a new name checks by itself; anything else is looked at once more.
                if (!std::holds_alternative<model::PutNew>(steps[step])) {
                    const auto conflicts =
                        find_conflicts(steps[step], prepared.live(), prepared.prefix(), started_);
                    if (!conflicts.empty())
                        throw sys::Error{
                            fmt::format("it changed at the last moment: {}", conflicts.front().found)};
                }
                done_.push_back({tree, step, {}});
                try {
                    std::visit([&](const auto& one) { take(prepared, one); }, steps[step]);
                } catch (const sys::Error&) {
                    if (!std::holds_alternative<model::SetMetadata>(steps[step]))
                        done_.pop_back(); // a rename is all or nothing
                    throw;
                }
            });
        }
    }
}

void Transaction::take(PreparedTree& tree, const model::PutNew& step) {
    rename_object(tree.place_of(step.from), tree.live().parent_of(step.path), RENAME_NOREPLACE);
}

void Transaction::take(PreparedTree& tree, const model::Exchange& step) {
    rename_object(tree.place_of(step.from), tree.live().parent_of(step.path), RENAME_EXCHANGE);
    tree.live().reset(); // what was open below may be the old directory
}

void Transaction::take(PreparedTree& tree, const model::Remove& step) {
    rename_object(tree.live().parent_of(step.path), {tree.keep_directory(), step.kept_as}, RENAME_NOREPLACE);
    tree.live().reset();
}

void Transaction::take(PreparedTree& tree, const model::SetMetadata& step) {
    const DirectoryCache::Place live = tree.live().parent_of(step.path);
    const auto status = sys::stat_at(live.directory, live.name);
    if (!status) throw sys::SysError{ENOENT, "set the metadata of", step.path};
    done_.back().old = {*status, sys::read_xattrs_at(live.directory, live.name)};
    const DirectoryCache::Place like = tree.place_of(step.like);
    copy_metadata(like.directory, like.name, live.directory, live.name,
                  S_ISDIR(status->st_mode) ? Times::keep : Times::copy);
}

void Transaction::take_back(PreparedTree& tree, const model::PutNew& step, const OldMetadata&) {
    rename_object(tree.live().parent_of(step.path), tree.place_of(step.from), RENAME_NOREPLACE);
}

void Transaction::take_back(PreparedTree& tree, const model::Exchange& step, const OldMetadata&) {
    rename_object(tree.place_of(step.from), tree.live().parent_of(step.path), RENAME_EXCHANGE);
}

void Transaction::take_back(PreparedTree& tree, const model::Remove& step, const OldMetadata&) {
    rename_object({tree.keep_directory(), step.kept_as}, tree.live().parent_of(step.path), RENAME_NOREPLACE);
}

void Transaction::take_back(PreparedTree& tree, const model::SetMetadata& step, const OldMetadata& old) {
    if (old.status.st_nlink == 0) return; // it failed before it changed anything
    const DirectoryCache::Place live = tree.live().parent_of(step.path);
    const char* name = live.name.c_str();
    sys::check(::fchownat(live.directory, name, old.status.st_uid, old.status.st_gid, AT_SYMLINK_NOFOLLOW),
               "restore the owner of", step.path);
    sys::replace_xattrs_at(live.directory, live.name, old.xattrs);
    if (!S_ISLNK(old.status.st_mode))
        sys::check(::fchmodat(live.directory, name, old.status.st_mode & 07777, 0), "restore the mode of",
                   step.path);
    const struct timespec times[2] = {old.status.st_atim, old.status.st_mtim};
    sys::check(::utimensat(live.directory, name, times, AT_SYMLINK_NOFOLLOW), "restore the times of",
               step.path);
}

std::string Transaction::undo() {
    std::string left;
    for (; !done_.empty(); done_.pop_back()) {
        const Done& last = done_.back();
        PreparedTree& tree = trees_[last.tree];
        const model::LiveStep& step = tree.plan().live[last.step];
        try {
            tree.live().reset();
            std::visit([&](const auto& one) { take_back(tree, one, last.old); }, step);
        } catch (const sys::Error& error) {
            left += fmt::format("\n  {}: {}", tree.shown(model::path_of(step)), error.full_text());
        }
    }
    return left;
}

} // namespace disco::merge
