#include "runner/overlay/user_attributes.hpp"

#include "runner/sys/error.hpp"

#include <cerrno>

#include <sys/xattr.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

bool takes_user_attributes(const std::filesystem::path& directory) {
    if (::getxattr(directory.c_str(), "user.disco", nullptr, 0) >= 0 || errno == ENODATA) return true;
    if (errno == EOPNOTSUPP) return false;
    throw sys::SysError{errno, "read extended attribute user.disco of", directory};
}

} // namespace

std::optional<std::string> lost_user_attributes(const std::filesystem::path& layers,
                                                const std::vector<ClassifiedMount>& managed) {
    if (takes_user_attributes(layers)) return std::nullopt;
    for (const ClassifiedMount& mount : managed)
        if (takes_user_attributes(mount.live))
            return fmt::format("the file system of {} takes no extended attributes user.* (a tmpfs does "
                               "since Linux 6.6), and that of {} "
                               "does: changed files would lose theirs. What to do: let --state-dir be a "
                               "directory on a disk, or, in a "
                               "container, on a volume",
                               layers.native(), mount.live.native());
    return std::nullopt;
}

} // namespace disco::overlay
