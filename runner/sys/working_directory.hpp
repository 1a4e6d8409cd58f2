#pragma once

#include "runner/sys/unique_fd.hpp"

namespace disco::sys {

/// The working directory of the thread, which is what it was again when this ends. For calls that take no
/// directory descriptor, as those for extended attributes before Linux 6.13: a way through /proc/self/fd
/// takes longer than such a call itself. Throws SysError.
class WorkingDirectory {
public:
    WorkingDirectory();
    WorkingDirectory(const WorkingDirectory&) = delete;
    WorkingDirectory& operator=(const WorkingDirectory&) = delete;
    ~WorkingDirectory();

    void enter(int directory); ///< borrowed

private:
    UniqueFd before_;
};

} // namespace disco::sys
