#include "tests/support/private_mounts.hpp"

#include "runner/sys/unique_fd.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace disco::tests {

bool make_mounts_private() {
    const auto make = [] { return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; };
    if (make()) return true;
    if (errno != EINVAL) return false;
    // Of the namespace's root, then, which setns(2) leads to, and with it of all that is below.
    const sys::UniqueFd root{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)},
        directory{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)},
        own{::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)};
    if (!root || !directory || !own || ::setns(own.get(), CLONE_NEWNS) != 0 || !make()) return false;
    return ::fchdir(root.get()) == 0 && ::chroot(".") == 0 && ::fchdir(directory.get()) == 0;
}

} // namespace disco::tests
