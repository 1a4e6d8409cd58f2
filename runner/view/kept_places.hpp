#pragma once

#include "runner/overlay/mount_class.hpp"

#include <string>
#include <vector>

namespace disco::view {

/// A path that programs must leave where it is: a merge could not move it with what it lies in.
struct KeptPlace {
    enum class Kind { state, mount } kind = Kind::mount;
    std::string path;   ///< inside the tree: "/var/lib/disco"
    bool shown = false; ///< something is mounted there in a view, too
    bool operator==(const KeptPlace&) const = default;
};

/// `hidden`: where the tree holds disco's state. Pure.
[[nodiscard]] std::vector<KeptPlace> kept_places(const std::vector<overlay::ClassifiedMount>& mounts,
                                                 const std::vector<std::string>& hidden);

/// Throws sys::Error that names the first of them that is not in its place in a view, whose root this is: it
/// was renamed, removed or replaced together with a directory above it.
void expect_kept_places(int view, const std::vector<KeptPlace>& places);

} // namespace disco::view
