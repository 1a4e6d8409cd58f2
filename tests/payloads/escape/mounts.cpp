// B: mounts by either interface. One that succeeds is made in the sandbox's own mount namespace, and goes
// with it.

#include "tests/payloads/escape/attempt.hpp"

#include <cstring>

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace escape {
namespace {

std::string target() {
    std::string path = std::string{scratch} + "/mounted";
    ::mkdir(path.c_str(), 0755);
    return path;
}

Verdict fresh(const char* type, unsigned long flags = 0, const char* options = "") {
    return by_result(::mount(type, target().c_str(), type, flags, options));
}

Verdict fresh_proc() { return fresh("proc"); }
Verdict fresh_sysfs() { return fresh("sysfs"); }
Verdict fresh_devtmpfs() { return fresh("devtmpfs"); }
Verdict fresh_devpts() { return fresh("devpts"); }
Verdict fresh_cgroup() { return fresh("cgroup", 0, "none,name=disco-escape"); }
Verdict fresh_cgroup2() { return fresh("cgroup2"); }
Verdict fresh_debugfs() { return fresh("debugfs"); }
Verdict fresh_tracefs() { return fresh("tracefs"); }
Verdict fresh_bpf() { return fresh("bpf"); }
Verdict fresh_securityfs() { return fresh("securityfs"); }
Verdict fresh_binfmt_misc() { return fresh("binfmt_misc"); }
Verdict fresh_mqueue() { return fresh("mqueue"); }
Verdict fresh_tmpfs() { return fresh("tmpfs"); }
Verdict fresh_configfs() { return fresh("configfs"); }
Verdict fresh_efivarfs() { return fresh("efivarfs"); }
Verdict overlay_mount() { return fresh("overlay", MS_RDONLY, "lowerdir=/etc:/usr"); }
Verdict fuse_mount() {
    return by_refusal(::mount("x", target().c_str(), "fuse", 0, "fd=-1,rootmode=40000,user_id=0,group_id=0"));
}
/// Read-only, and of a device that is not there: enough to see whether mount(2) is refused.
Verdict root_disk() {
    return by_refusal(::mount("/dev/no-such-disk", target().c_str(), "ext4", MS_RDONLY, ""));
}

Verdict remount(const char* path) {
    return by_result(::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND, nullptr));
}
Verdict remount_proc_sys() { return remount("/proc/sys"); }
Verdict remount_sysfs() { return remount("/sys"); }
Verdict remount_dev() { return remount("/dev"); }
Verdict remount_runtime() { return remount("/run/disco"); }
Verdict remount_with_devices() {
    return by_result(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr));
}

Verdict bind() { return by_result(::mount("/", target().c_str(), nullptr, MS_BIND | MS_REC, nullptr)); }
Verdict move_proc() { return by_result(::mount("/proc", target().c_str(), nullptr, MS_MOVE, nullptr)); }
Verdict make_shared() { return by_result(::mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr)); }
Verdict make_slave() { return by_result(::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr)); }

Verdict unmount(const char* path) { return by_result(::umount2(path, MNT_DETACH)); }
Verdict unmount_mask_of_keys() { return unmount("/proc/keys"); }
Verdict unmount_proc_sys() { return unmount("/proc/sys"); }
Verdict unmount_dev() { return unmount("/dev"); }
Verdict unmount_hidden_state() { return unmount(setting("state_in_view").c_str()); }

Verdict fsopen_tmpfs() { return by_result(::syscall(SYS_fsopen, "tmpfs", 0)); }
Verdict fsconfig() { return by_refusal(::syscall(SYS_fsconfig, -1, 6, nullptr, nullptr, 0)); }
Verdict fsmount() { return by_refusal(::syscall(SYS_fsmount, -1, 0, 0)); }
Verdict fspick() { return by_result(::syscall(SYS_fspick, AT_FDCWD, "/", 0)); }
Verdict open_tree() { return by_result(::syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE)); }
Verdict move_mount() {
    return by_refusal(::syscall(SYS_move_mount, -1, "", AT_FDCWD, target().c_str(), MOVE_MOUNT_F_EMPTY_PATH));
}
Verdict mount_setattr() {
    struct mount_attr attributes = {};
    attributes.attr_clr = MOUNT_ATTR_RDONLY;
    return by_result(::syscall(SYS_mount_setattr, AT_FDCWD, "/proc/sys", 0, &attributes, sizeof attributes));
}
Verdict pivot_root() { return by_refusal(::syscall(SYS_pivot_root, "/tmp", "/tmp/no-such-directory")); }
constexpr long open_tree_attr_number = 467;
Verdict open_tree_attr() {
    return by_refusal(::syscall(open_tree_attr_number, AT_FDCWD, "/", OPEN_TREE_CLONE, nullptr, 0));
}

} // namespace

Attempts mount_attempts() {
    return {{"fresh_proc", fresh_proc},
            {"fresh_sysfs", fresh_sysfs},
            {"fresh_devtmpfs", fresh_devtmpfs},
            {"fresh_devpts", fresh_devpts},
            {"fresh_cgroup", fresh_cgroup},
            {"fresh_cgroup2", fresh_cgroup2},
            {"fresh_debugfs", fresh_debugfs},
            {"fresh_tracefs", fresh_tracefs},
            {"fresh_bpf", fresh_bpf},
            {"fresh_securityfs", fresh_securityfs},
            {"fresh_binfmt_misc", fresh_binfmt_misc},
            {"fresh_mqueue", fresh_mqueue},
            {"fresh_tmpfs", fresh_tmpfs},
            {"fresh_configfs", fresh_configfs},
            {"fresh_efivarfs", fresh_efivarfs},
            {"overlay_mount", overlay_mount},
            {"fuse_mount", fuse_mount},
            {"root_disk", root_disk},
            {"remount_proc_sys", remount_proc_sys},
            {"remount_sysfs", remount_sysfs},
            {"remount_dev", remount_dev},
            {"remount_runtime", remount_runtime},
            {"remount_with_devices", remount_with_devices},
            {"bind", bind},
            {"move_proc", move_proc},
            {"make_shared", make_shared},
            {"make_slave", make_slave},
            {"unmount_mask_of_keys", unmount_mask_of_keys},
            {"unmount_proc_sys", unmount_proc_sys},
            {"unmount_dev", unmount_dev},
            {"unmount_hidden_state", unmount_hidden_state},
            {"fsopen_tmpfs", fsopen_tmpfs},
            {"fsconfig", fsconfig},
            {"fsmount", fsmount},
            {"fspick", fspick},
            {"open_tree", open_tree},
            {"open_tree_attr", open_tree_attr},
            {"move_mount", move_mount},
            {"mount_setattr", mount_setattr},
            {"pivot_root", pivot_root}};
}

} // namespace escape
