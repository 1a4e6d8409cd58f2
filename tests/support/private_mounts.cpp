#include "tests/support/private_mounts.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::tests {
namespace {

/// The namespace's root becomes this process's, which setns(2) leads to; also out of a chroot.
bool go_to_top() {
    const sys::UniqueFd own{::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)};
    return own && ::setns(own.get(), CLONE_NEWNS) == 0;
}

} // namespace

bool make_mounts_private() {
    const auto make = [] { return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; };
    if (make()) return true;
    if (errno != EINVAL) return false;
    // Of the namespace's root, then, and with it of all that is below.
    const sys::UniqueFd root{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)},
        directory{::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!root || !directory || !go_to_top() || !make()) return false;
    return ::fchdir(root.get()) == 0 && ::chroot(".") == 0 && ::fchdir(directory.get()) == 0;
}

std::filesystem::path path_from_top(const std::filesystem::path& path) {
    std::array<char, PATH_MAX> root = {};
    std::array<int, 2> ends = {-1, -1};
    sys::check(::pipe2(ends.data(), O_CLOEXEC), "make a pipe");
    const sys::UniqueFd read_end{ends[0]}, here{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    sys::UniqueFd write_end{ends[1]};
    // A process of its own goes there. getcwd(2) begins at the process's root.
    const pid_t child = sys::check(::fork(), "fork");
    if (child == 0) {
        const bool there = go_to_top() && ::fchdir(here.get()) == 0 &&
                           ::getcwd(root.data(), root.size()) != nullptr && root[0] == '/';
        const int code = there ? 0 : errno == 0 ? ENOENT : errno;
        if (there && ::write(write_end.get(), root.data(), root.size()) < 0) ::_exit(errno);
        ::_exit(code);
    }
    write_end.reset();
    int status = 0;
    sys::check(::waitpid(child, &status, 0), "wait for", path);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw sys::SysError{WIFEXITED(status) ? WEXITSTATUS(status) : EINTR, "find the way from the top to",
                            path};
    sys::check(::read(read_end.get(), root.data(), root.size()), "read the way from the top to", path);
    return std::filesystem::path{root.data()} / path.relative_path();
}

} // namespace disco::tests
