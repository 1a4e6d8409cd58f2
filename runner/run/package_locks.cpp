#include "runner/run/package_locks.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::run {
namespace {

/// In the order in which apt takes them.
constexpr const char* lock_files[] = {
    "var/lib/dpkg/lock-frontend",  "var/lib/dpkg/lock",     "var/lib/apt/lists/lock",
    "var/cache/apt/archives/lock", "var/lib/rpm/.rpm.lock", "usr/lib/sysimage/rpm/.rpm.lock",
};

/// "process 4711 (apt-get)".
std::string holder(int fd) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
        return "another process";
    const std::string name = sys::read_line_if_exists(fmt::format("/proc/{}/comm", lock.l_pid));
    return fmt::format("process {} ({})", lock.l_pid, sys::printable(name));
}

bool try_lock(int fd, const std::filesystem::path& path) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return true;
    if (errno != EAGAIN && errno != EACCES) throw sys::SysError{errno, "lock", path};
    return false;
}

} // namespace

PackageLocks::PackageLocks(const std::filesystem::path& root, std::chrono::seconds wait) {
    const sys::UniqueFd tree = sys::open_directory(root);
    const auto until = std::chrono::steady_clock::now() + wait;
    for (const char* name : lock_files) {
        sys::UniqueFd file;
        try {
            file = sys::try_open_in_root(tree.get(), name, O_RDWR | O_NONBLOCK);
        } catch (const sys::SysError& error) {
            if (error.code() != EROFS) throw;
        }
        if (!file) continue; // no such package manager, or none that could write
        while (!try_lock(file.get(), name)) {
            if (std::chrono::steady_clock::now() >= until)
                throw sys::TryAgain{fmt::format(
                    "a package manager is at work: {} holds '{}'; try again when it has ended, or "
                    "with --wait SECONDS",
                    holder(file.get()), (root / name).string())};
            constexpr timespec moment = {.tv_sec = 0, .tv_nsec = 200'000'000};
            ::nanosleep(&moment, nullptr);
            sys::throw_if_interrupted();
        }
        held_.push_back(std::move(file));
    }
}

} // namespace disco::run
