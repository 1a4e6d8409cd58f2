#include "runner/overlay/lower_trial.hpp"

#include "runner/sys/unique_fd.hpp"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

sys::UniqueFd open_path(const std::filesystem::path& directory) {
    return sys::UniqueFd{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

bool on_one_device(int a, int b) {
    struct stat one = {}, other = {};
    return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_dev == other.st_dev;
}

} // namespace

bool refused_as_lower(const std::filesystem::path& directory, const std::filesystem::path& scratch) {
    const sys::UniqueFd lower = open_path(directory), beside = open_path(scratch);
    if (!lower || !beside) return false;
    // The layers' own file system has to do, or there is no run at all; and the kernel complains in its log
    // of two lower layers one of which lies within the other.
    if (on_one_device(lower.get(), beside.get())) return false;
    const sys::UniqueFd overlay{::fsopen("overlay", FSOPEN_CLOEXEC)};
    if (!overlay) return false;
    // An overlay without an upper layer has two lower ones. By descriptors: an option given in this way has
    // 255 bytes at most, and in old kernels no comma.
    const std::string lowerdirs = fmt::format("/proc/self/fd/{}:/proc/self/fd/{}", lower.get(), beside.get());
    // Newer kernels look at a layer when the option names it, older ones at the end.
    return (::fsconfig(overlay.get(), FSCONFIG_SET_STRING, "lowerdir", lowerdirs.c_str(), 0) != 0 ||
            ::fsconfig(overlay.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) &&
           errno == EINVAL;
}

} // namespace disco::overlay
