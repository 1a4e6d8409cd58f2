#include "runner/sys/tree_walk.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/path_length.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace disco::sys {

TreeWalk::TreeWalk(UniqueFd top, std::string shown) : shown_{std::move(shown)}, descent_{std::move(top)} {
    levels_.push_back({list_directory(directory(), shown_), 0, 0});
}

std::string TreeWalk::shown() const {
    constexpr std::size_t enough = 300;
    return path_.empty() ? shown_ : path_for_people(shown_ + "/" + path_.substr(0, enough));
}

bool TreeWalk::next() {
    Level& level = levels_.back();
    path_.resize(level.path_length);
    if (level.next < level.entries.size()) {
        if (!path_.empty()) path_ += '/';
        path_ += level.entries[level.next++].name;
        return found_ = true;
    }
    if (levels_.size() == 1) return found_ = false;
    levels_.pop_back();
    descent_.leave();
    found_ = false;
    return true;
}

void TreeWalk::resume() {
    descent_.reopen([&](std::size_t depth) { return levels_[depth].current().name; });
    levels_.resize(descent_.depth() + 1);
    const Level& level = levels_.back();
    path_.resize(level.path_length);
    if (!path_.empty()) path_ += '/';
    path_ += level.current().name;
    found_ = false;
}

void TreeWalk::enter() {
    UniqueFd inside{::openat(directory(), name().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!inside) throw SysError{errno, "open directory", shown()};
    enter(std::move(inside));
}

void TreeWalk::enter(UniqueFd inside) {
    Level level{{}, 0, path_.size()};
    try {
        level.entries = list_directory(inside.get(), name());
    } catch (const SysError& error) { // the path is not made for every directory
        throw SysError{error.code(), "read directory", shown()};
    }
    descent_.enter(std::move(inside));
    levels_.push_back(std::move(level));
}

} // namespace disco::sys
