#include "runner/sys/file_lock.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <fmt/format.h>

namespace disco::sys {

FileLock::FileLock(const std::filesystem::path& path, const std::string& description,
                   std::chrono::seconds wait) {
    fd_ = UniqueFd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!fd_) throw SysError{errno, "open the lock", path};
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) throw SysError{errno, "lock", path};
        throw_if_interrupted();
        if (std::chrono::steady_clock::now() >= deadline) {
            std::string holder = read_all(fd_.get(), path);
            while (!holder.empty() && holder.back() == '\n') holder.pop_back();
            throw TryAgain{
                fmt::format("another run holds the lock '{}' ({}); wait for it to end, or use --wait SECONDS",
                            path.string(), holder.empty() ? "it does not say who" : holder)};
        }
        ::poll(nullptr, 0, 100); // flock(2) has no time-out; a tenth of a second is soon enough for a person
    }
    check(::ftruncate(fd_.get(), 0), "write the lock", path);
    write_all(fd_.get(), description + "\n", path);
}

bool FileLock::is_held(const std::filesystem::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd && errno == ENOENT) return false;
    if (!fd) throw SysError{errno, "open the lock", path};
    if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return false;
    if (errno == EWOULDBLOCK) return true;
    throw SysError{errno, "look at the lock", path};
}

} // namespace disco::sys
