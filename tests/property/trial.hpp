#pragma once

#include "tests/property/script_generator.hpp"

#include <filesystem>
#include <string>

namespace disco::property {

/// Where the trees and the program's state lie; both directories are made anew for each trial.
struct Grounds {
    std::filesystem::path trees, state;
    std::size_t modules = 0; ///< the script is spread over so many of a dance; 0: it is one command, by exec
    bool alike = true;       ///< both are file systems of one kind, which know the same flags (chattr(1))
};

/// Performs a script natively in one tree and by `disco exec --merge` (or a dance) in an equal one, and
/// by `--noop` before. What differs from what should be, for people; empty when nothing does.
[[nodiscard]] std::string objections(const Script& script, const Grounds& grounds);

/// The script without operations that its objections do not need.
[[nodiscard]] Script minimized(Script script, const Grounds& grounds);

[[nodiscard]] std::string shown(const Script& script);

} // namespace disco::property
