#pragma once

#include "runner/overlay/object_reader.hpp"

#include <optional>
#include <string>

namespace disco::overlay {

/// What a report may show of a change of content.
struct ContentDiff {
    std::string text; ///< unified, git style
    bool binary = false;
};

/// The difference between two objects (one may be absent) of files' bytes or symlinks' targets, named `path`
/// (absolute). Whole files are listed as added or removed lines; of two texts that differ in more than one
/// place GNU diff, run as a program, finds what differs. Throws Error when diff is missing or fails.
[[nodiscard]] ContentDiff content_diff(const std::string& path, const ReadObject* before,
                                       const ReadObject* after);

/// git's rule: no NUL byte in the first 8000 bytes.
[[nodiscard]] bool is_text(std::string_view bytes);

} // namespace disco::overlay
