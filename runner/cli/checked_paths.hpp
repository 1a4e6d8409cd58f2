#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace disco::cli {

/// A universe that was named, or modules of it.
struct CheckedPlace {
    std::filesystem::path universe; ///< as messages name it; "." for the current directory
    std::set<std::string> modules;  ///< empty: all of it
    bool is_lone_module = false;    ///< `universe` is the directory of a module that lies in none
};

/// What a person means: a directory that holds modules/ is a universe; what lies in one is a module of it; a
/// word that is no directory may name a module of the current one. Modules of one universe are put together.
/// Throws BadConfiguration for what is none of these.
[[nodiscard]] std::vector<CheckedPlace> checked_places(const std::vector<std::string>& paths);

} // namespace disco::cli
