#pragma once

#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace disco::sys {

/// An exclusive flock(2) on a file, released when the owner ends (or its process dies).
class FileLock {
public:
    FileLock() = default;
    /// Waits up to `wait` (zero: not at all), then throws TryAgain that names the holder as the holder
    /// described itself. `description` of this process goes into the file, for others to read.
    FileLock(const std::filesystem::path& path, const std::string& description, std::chrono::seconds wait);

    /// Whether someone holds the lock; false when the file does not exist.
    [[nodiscard]] static bool is_held(const std::filesystem::path& path);

private:
    UniqueFd fd_;
};

} // namespace disco::sys
