#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <sys/types.h>

// The FILE of --json and its like.
namespace disco::cli {

/// Throws BadConfiguration, with what to do, where no report can be put. Called before anything is done.
/// Leaves nothing there.
void require_report_place(const std::string& file);

/// Lets `work` write a report, in pieces. What is in its place is replaced by a file of its own, of this
/// mode, when all of it is written: a link is not followed, a FIFO not waited for. A device, a file that is a
/// mount point, /dev/stdout and /dev/fd/N get the pieces as they come. Throws SysError.
void write_report_file(const std::string& file, mode_t mode,
                       const std::function<void(const std::function<void(std::string_view)>& write)>& work);

} // namespace disco::cli
