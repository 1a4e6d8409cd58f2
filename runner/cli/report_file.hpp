#pragma once

#include <functional>
#include <string>
#include <string_view>

// The FILE of --json and its like.
namespace disco::cli {

/// Throws BadConfiguration, with what to do, where no report can be put. Called before anything is done.
/// Leaves nothing there.
void require_report_place(const std::string& file);

/// Lets `work` write a report, in pieces. What is in its place is replaced by a file of its own (mode 0600)
/// when all of it is written: a link is not followed, a FIFO not waited for. A device, a file that is a mount
/// point, /dev/stdout and /dev/fd/N get the pieces as they come. Throws SysError.
void write_report_file(const std::string& file,
                       const std::function<void(const std::function<void(std::string_view)>& write)>& work);

} // namespace disco::cli
