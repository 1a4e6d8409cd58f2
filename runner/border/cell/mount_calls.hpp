#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

// What Debian 12's C library has no functions for: mounts by descriptor. Each returns -1 with errno.
namespace disco::border::cell {

/// A copy of the mount at `path` that is nowhere yet (open_tree(2)). `flags`: AT_RECURSIVE,
/// AT_SYMLINK_NOFOLLOW.
[[nodiscard]] inline int copy_mount(const char* path, unsigned flags = 0) {
    return static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags));
}

/// `set`, `clear`: MOUNT_ATTR_… (mount_setattr(2)). `flags`: AT_RECURSIVE.
[[nodiscard]] inline int set_attributes(int tree, unsigned flags, unsigned long long set,
                                        unsigned long long clear) {
    struct mount_attr attributes = {};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    return static_cast<int>(
        ::syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes));
}

/// Gives the mount its place (move_mount(2)).
[[nodiscard]] inline int attach_mount(int tree, const char* target) {
    return static_cast<int>(::syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}

} // namespace disco::border::cell
