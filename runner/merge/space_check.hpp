#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <sys/types.h>

namespace disco::merge {

/// Adds up what copies of objects will take on another file system, and compares it with what is free there.
class SpaceCheck {
public:
    /// An object, a directory with all it holds. Throws SysError.
    void add(int directory, const std::string& name);
    /// Throws sys::Error that names both figures when the file system of `directory` has too little room or
    /// too few inodes left. `shown`: the mount's path, for messages.
    void check(int directory, const std::string& shown) const;

private:
    std::uint64_t bytes_ = 0, objects_ = 0;
    std::set<std::pair<dev_t, ino_t>> linked_; ///< files with several names, counted once
};

} // namespace disco::merge
