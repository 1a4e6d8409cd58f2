#pragma once

#include <chrono>
#include <filesystem>

#include <sys/types.h>

namespace disco::tests {

/// A process that has a lease on a file (fcntl(2), F_SETLEASE), and keeps it for a time after somebody wants
/// to open the file.
class LeaseHolder {
public:
    /// Has it when this returns. Throws sys::SysError; sys::Error when there is no lease to be had.
    LeaseHolder(const std::filesystem::path& file, std::chrono::milliseconds keeps);
    LeaseHolder(const LeaseHolder&) = delete;
    LeaseHolder& operator=(const LeaseHolder&) = delete;
    /// Ends it.
    ~LeaseHolder();

private:
    pid_t child_ = -1;
};

} // namespace disco::tests
