#include "runner/sys/descent.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace disco::sys {

Descent::Level Descent::level_of(UniqueFd fd) {
    struct stat status = {};
    check(::fstat(fd.get(), &status), "look at", "a directory");
    return {std::move(fd), status.st_dev, status.st_ino};
}

Descent::Descent(UniqueFd top) { levels_.push_back(level_of(std::move(top))); }

void Descent::enter(UniqueFd inside) {
    levels_.push_back(level_of(std::move(inside)));
    if (depth() > held) levels_[depth() - 1].fd.reset();
}

void Descent::leave() {
    const Level left = std::move(levels_.back());
    levels_.pop_back();
    Level& now = levels_.back();
    if (now.fd) return;
    Level above =
        level_of(UniqueFd{::openat(left.fd.get(), "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)});
    if (above.device != now.device || above.inode != now.inode)
        throw MovedMeanwhile{"a directory was moved by somebody else while what is in it was looked at"};
    now.fd = std::move(above.fd);
}

} // namespace disco::sys
