#pragma once

#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <filesystem>

namespace disco::sys {

/// How long to wait for leases on files (fcntl(2), F_SETLEASE). Whoever owns a file may take one, and keeps
/// others from opening it until he gives it up, or the kernel takes it from him (lease-break-time, proc(5)).
class LeasePatience {
public:
    explicit LeasePatience(std::chrono::milliseconds all) : left_{all} {}
    /// The patience of this process, for all files together: twice as long as the kernel lets anybody keep a
    /// lease.
    [[nodiscard]] static LeasePatience& of_process();

    /// Waits a little. False when there is no more patience. Throws Interrupted.
    bool wait();

private:
    std::chrono::milliseconds left_;
};

/// Somebody keeps his lease on a file, so that it cannot be opened.
class LeaseKept : public Error {
public:
    /// Where a message names the file already.
    static constexpr const char* what_to_do =
        "somebody has a lease on it (fcntl(2), F_SETLEASE) and does not give it up; "
        "/proc/locks names the process";
    explicit LeaseKept(const std::filesystem::path& name);
};

/// openat(2) with O_NONBLOCK and, where somebody has a lease on the file, again until he has none. `flags`:
/// for reading. An empty owner, with errno, where it cannot be opened for other reasons. Throws LeaseKept
/// when the patience ends; Interrupted.
[[nodiscard]] UniqueFd open_leased(int directory, const std::filesystem::path& name, int flags,
                                   LeasePatience& patience = LeasePatience::of_process());

} // namespace disco::sys
