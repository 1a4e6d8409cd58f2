#include "runner/sys/working_directory.hpp"

#include "runner/sys/error.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

namespace disco::sys {

WorkingDirectory::WorkingDirectory() : before_{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)} {
    if (!before_) throw SysError{errno, "open the working directory"};
    check(::unshare(CLONE_FS), "have a working directory of the thread's own", "");
}

WorkingDirectory::~WorkingDirectory() {
    if (::fchdir(before_.get()) != 0)
        spdlog::warn("cannot return to the working directory: {}", std::strerror(errno));
}

void WorkingDirectory::enter(int directory) { check(::fchdir(directory), "enter a directory", ""); }

} // namespace disco::sys
