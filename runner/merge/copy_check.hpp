#pragma once

#include "runner/sys/error.hpp"
#include "runner/sys/metadata.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <sys/types.h>

namespace disco::merge {

/// There is no room on a file system for copies.
class NoRoom : public sys::Error {
public:
    using Error::Error;
};

/// Adds up what copies of objects will need on another file system, and compares it with what that offers:
/// room, inodes, and extended attributes of their kinds.
class CopyCheck {
public:
    /// An object, a directory with all it holds; what goes meanwhile does not count, nor
    /// what is deeper than a path can be long, which nobody copies. `shown`: its path, for
    /// messages. Throws SysError.
    void add(int directory, const std::string& name, const std::string& shown);
    /// How many names it was.
    [[nodiscard]] std::uint64_t names() const noexcept { return names_; }
    /// The extended attributes of an object alone, which the other file system gets. Throws SysError.
    void add_attributes(int directory, const std::string& name, const std::string& shown);
    /// The same of ones that are known.
    void add_attributes(const sys::Xattrs& attributes, const std::string& shown);
    /// Throws sys::Error that says what is missing on the file system of `directory`, which is only looked
    /// at. `shown`: the mount's path, for messages.
    void check(int directory, const std::string& shown) const;
    /// The same of room and inodes alone. Throws NoRoom; SysError.
    void check_room(int directory, const std::string& shown) const;

private:
    // `shown`: asked where it is of interest alone.
    /// True: it is a directory.
    bool add_one(int directory, const std::string& name, const std::function<std::string()>& shown);
    void add_attributes_of(int directory, const std::string& name, const std::function<std::string()>& shown);

    std::uint64_t bytes_ = 0, objects_ = 0, names_ = 0;
    std::set<std::pair<dev_t, ino_t>> linked_;      ///< files with several names, counted once
    std::map<std::string, std::string> attributes_; ///< to an object that has the attribute
};

} // namespace disco::merge
