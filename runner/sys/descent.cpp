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

void Descent::reopen(const std::function<std::string(std::size_t)>& name_in) {
    std::size_t at = depth();
    while (!levels_[at].fd) --at; // those of the first levels are open
    for (; at < depth(); ++at) {
        UniqueFd fd{::openat(levels_[at].fd.get(), name_in(at).c_str(),
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        struct stat status = {};
        if (fd) check(::fstat(fd.get(), &status), "look at", "a directory");
        if (!fd || status.st_dev != levels_[at + 1].device || status.st_ino != levels_[at + 1].inode) break;
        levels_[at + 1].fd = std::move(fd);
        if (at >= held) levels_[at].fd.reset();
    }
    levels_.erase(levels_.begin() + static_cast<std::ptrdiff_t>(at) + 1, levels_.end());
}

} // namespace disco::sys
