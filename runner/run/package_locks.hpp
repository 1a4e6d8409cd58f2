#pragma once

#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <vector>

namespace disco::run {

/// The locks of the live root's package managers (dpkg, apt, rpm), held while scripts work on a copy of their
/// data base and until it is merged, so that the host's cannot work on the original meanwhile. Released at
/// the end.
///
/// Open file description locks (fcntl(2), F_OFD_SETLK): they conflict with the locks that package managers
/// take, and are not lost when some other code of this process opens and closes the file.
class PackageLocks {
public:
    PackageLocks() = default;
    /// Takes those whose files are there; waits up to `wait` for each, then throws TryAgain that names the
    /// file and the process that holds it. Throws SysError.
    PackageLocks(const std::filesystem::path& root, std::chrono::seconds wait);
    void release() noexcept { held_.clear(); }

private:
    std::vector<sys::UniqueFd> held_;
};

} // namespace disco::run
