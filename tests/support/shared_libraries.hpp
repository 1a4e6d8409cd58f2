#pragma once

#include <filesystem>
#include <set>

namespace disco::tests {

/// Adds the libraries of this machine, the dynamic linker among them, that a program of it loads when it
/// starts: what ldd(1) prints, but read from the files' dynamic sections (elf(5)), as ldd takes longer than
/// most tests. None for a script and a static program. Those already in `libraries` are not looked into
/// again. Looks only where the C library of this machine lies; throws std::runtime_error for a library that
/// is not there.
void add_shared_libraries_of(const std::filesystem::path& program,
                             std::set<std::filesystem::path>& libraries);

} // namespace disco::tests
