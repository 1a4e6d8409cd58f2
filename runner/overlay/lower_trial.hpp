#pragma once

#include <filesystem>

namespace disco::overlay {

/// Whether the kernel refuses a directory as a lower layer of an overlay, by what its file system is: one
/// that compares names in a way of its own, or an overlay on an overlay already. An overlay is set up and let
/// go without being mounted anywhere, which nobody can see. `scratch`: the directory where the layers are
/// going to be. Where the trial itself is not possible the answer is no, and the real mount fails if it was
/// wrong.
[[nodiscard]] bool refused_as_lower(const std::filesystem::path& directory,
                                    const std::filesystem::path& scratch);

} // namespace disco::overlay
