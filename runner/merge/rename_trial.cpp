#include "runner/merge/rename_trial.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

// No name of a staging directory begins with a point.
constexpr const char* one = ".trial-1";
constexpr const char* other = ".trial-2";

/// One may be there: of a rollback that was killed here, and whose staging directory went back.
void make_file(int directory, const char* name) {
    const sys::UniqueFd made{::openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!made) throw sys::SysError{errno, "make a file to try renaming with", name};
}

void remove_file(int directory, const char* name) {
    if (::unlinkat(directory, name, 0) != 0 && errno != ENOENT) throw sys::SysError{errno, "remove", name};
}

void try_rename(int directory, unsigned flag, const std::string& shown) {
    if (::renameat2(directory, one, directory, other, flag) == 0) return;
    const sys::SysError error{errno, flag == RENAME_EXCHANGE
                                         ? "exchange two files (renameat2, RENAME_EXCHANGE)"
                                         : "rename a file to a free name only (renameat2, RENAME_NOREPLACE)"};
    if (error.code() != EINVAL && error.code() != ENOSYS && error.code() != EOPNOTSUPP) throw error;
    throw sys::Error{fmt::format(
        "nothing was merged, as the file system at '{}' {}, and without that a merge is neither all or "
        "nothing nor can be undone. Let scripts change what is there by disco-defer, after the merge, or "
        "move "
        "it to a file system that can do that, such as ext4, xfs, btrfs or tmpfs",
        shown, error.what())};
}

} // namespace

void try_renames(const model::MergePlan& plan, int staging, const std::string& shown) {
    const auto exchanges = [](const model::LiveStep& step) {
        return std::holds_alternative<model::Exchange>(step);
    };
    const auto renames = [](const model::LiveStep& step) {
        return !std::holds_alternative<model::SetMetadata>(step);
    };
    if (std::none_of(plan.live.begin(), plan.live.end(), renames)) return;
    make_file(staging, one);
    remove_file(staging, other);
    try_rename(staging, RENAME_NOREPLACE, shown);
    if (std::any_of(plan.live.begin(), plan.live.end(), exchanges)) {
        make_file(staging, one);
        try_rename(staging, RENAME_EXCHANGE, shown);
        remove_file(staging, one);
    }
    remove_file(staging, other);
}

} // namespace disco::merge
