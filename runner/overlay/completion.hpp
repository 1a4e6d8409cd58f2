#pragma once

#include <filesystem>
#include <string>

namespace disco::overlay {

/// A layer whose overlay is still mounted, and in which nothing is at work any more.
struct MountedLayer {
    int view = -1; ///< the root directory of the overlay (O_PATH will do), borrowed
    std::filesystem::path upper, work;
    std::string prefix; ///< of the mount inside the live root, "" or "/home"; for messages
};

/// Completes an upperdir: by itself it then shows all that its overlay shows, so that what reads it later
/// need not know redirects and the index:
/// - A renamed directory holds only what was changed in it, and refers to its old place for the rest. It is
///   filled with that rest, which costs the copies that mv(1) would have made between two file systems.
/// - When a file with several names was changed by one of them, only the index knows of the other names. They
///   become links in the upperdir. To find them the whole view is walked, when there are any.
///
/// Throws SysError; Error that says so where a path would be longer than a path can be.
void complete_layer(const MountedLayer& layer);

} // namespace disco::overlay
