#include "runner/sys/own_program.hpp"

#include "runner/sys/unique_fd.hpp"

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace disco::sys {
namespace {

constexpr const char* exe = "/proc/self/exe";
constexpr const char* path_variable = "DISCO_OWN_PROGRAM"; ///< from the first execution to the second

/// Empty: it is what /proc/self/exe says.
std::filesystem::path& noted_path() {
    static std::filesystem::path path;
    return path;
}

bool is_own_file(const char* path) {
    struct stat named = {}, own = {};
    return ::stat(path, &named) == 0 && ::stat(exe, &own) == 0 && named.st_dev == own.st_dev &&
           named.st_ino == own.st_ino;
}

bool is_readonly() {
    struct statvfs mount = {};
    return ::statvfs(exe, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

} // namespace

void run_from_readonly_mount(char** argv) {
    if (const char* path = std::getenv(path_variable)) {
        if (is_own_file(path)) noted_path() = path; // of another file it says nothing about this one
        ::unsetenv(path_variable);
    }
    if (is_readonly()) {
        // Executed by a descriptor, it has the descriptor's number as its name in `ps`.
        if (!noted_path().empty()) ::prctl(PR_SET_NAME, noted_path().filename().c_str(), 0, 0, 0);
        return;
    }
    noted_path().clear();
    const std::filesystem::path path = own_program();
    const UniqueFd tree{static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, path.parent_path().c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC))};
    struct mount_attr attributes = {};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    if (!tree ||
        ::syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
        return;
    const UniqueFd file{::openat(tree.get(), path.filename().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    if (!file || ::setenv(path_variable, path.c_str(), 1) != 0) return;
    ::syscall(SYS_execveat, file.get(), "", argv, environ, AT_EMPTY_PATH);
    ::unsetenv(path_variable); // it goes on as it is
}

std::filesystem::path own_program() {
    return noted_path().empty() ? std::filesystem::read_symlink(exe) : noted_path();
}

} // namespace disco::sys
