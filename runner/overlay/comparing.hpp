#pragma once

#include "runner/overlay/upperdir_scan.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/path_length.hpp"

#include <string>

// What a scan and its parts do at each path, which is relative to the layer's mount.
namespace disco::overlay {

/// The path of a name in a directory. Throws Error where it is longer than a path can be, which also bounds
/// how deep a tree is.
[[nodiscard]] inline std::string path_in(const LayerToScan& layer, const std::string& directory,
                                         const std::string& name) {
    std::string path = directory.empty() ? name : directory + "/" + name;
    sys::check_path_length(layer.prefix, path);
    return path;
}

/// Does `work` on the object at a path. Whoever keeps a file of the live root from being read, or moves
/// directories meanwhile, keeps it from being compared: ChangedMeanwhile.
template <class Work>
decltype(auto) comparing(const LayerToScan& layer, const std::string& path, const Work& work) {
    const auto meanwhile = [&](const char* expected, const char* found) {
        return ChangedMeanwhile{{layer.prefix + "/" + path, expected, found}};
    };
    try {
        return work();
    } catch (const sys::LeaseKept&) {
        throw meanwhile("a file that can be read", sys::LeaseKept::what_to_do);
    } catch (const sys::MovedMeanwhile&) {
        throw meanwhile("it where it was", "moved by somebody else while it was compared");
    }
}

} // namespace disco::overlay
