#pragma once

#include "runner/sys/metadata.hpp"

#include <filesystem>
#include <string>

#include <sys/xattr.h>

// How calls for extended attributes name an object; for metadata.hpp and held_object.hpp. Throws SysError.
namespace disco::sys {

/// A path whose last component is not followed, or a magic link (/proc/self/fd/N) that leads to the object,
/// also to one that is open as O_PATH.
struct XattrCalls {
    std::string path;
    std::filesystem::path shown; ///< for messages
    decltype(&::llistxattr) list = ::llistxattr;
    decltype(&::lgetxattr) get = ::lgetxattr;
    decltype(&::lsetxattr) set = ::lsetxattr;
    decltype(&::lremovexattr) remove = ::lremovexattr;
};
[[nodiscard]] inline XattrCalls by_link(const std::string& magic_link, const std::filesystem::path& shown) {
    return {magic_link, shown, ::listxattr, ::getxattr, ::setxattr, ::removexattr};
}

/// See read_xattrs_at and replace_xattrs_at.
[[nodiscard]] Xattrs read_xattrs(const XattrCalls& calls);
void replace_xattrs(const XattrCalls& calls, const Xattrs& wanted,
                    bool (*untouched)(const std::string& attribute));

} // namespace disco::sys
