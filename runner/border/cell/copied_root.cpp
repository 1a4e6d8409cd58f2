#include "runner/border/cell/copied_root.hpp"

#include "policy/walls.hpp"
#include "runner/border/cell/automounts.hpp"
#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/mount_calls.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

using policy::Wall;
using policy::wall_stands;

constexpr unsigned long covering = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* plain_devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                         "/dev/urandom"};

/// A device of the machine that can be opened, and whose mode and owner cannot be changed; -1: none is there.
int device_tree(const char* path) {
    constexpr unsigned memory_devices = 1; // null, zero, full, random, urandom: devices.txt of the kernel
    struct stat status = {};
    if (::lstat(path, &status) != 0 || !S_ISCHR(status.st_mode) || major(status.st_rdev) != memory_devices)
        return -1;
    const int tree = copy_mount(path, AT_SYMLINK_NOFOLLOW);
    if (tree < 0) return -1;
    const auto readonly = wall_stands(Wall::query_mounts) ? MOUNT_ATTR_RDONLY : 0;
    if (set_attributes(tree, 0, readonly | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NODEV) != 0)
        fail("make a read-only mount of", path);
    return tree;
}

bool is_there(const std::string& path) {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0;
}

/// Empty, if it is there at all.
void cover_directory(const std::string& path) {
    if (::mount("tmpfs", path.c_str(), "tmpfs", covering, "mode=0555,size=4k,nr_inodes=2") == 0) return;
    if (errno != ENOENT && errno != ENOTDIR) fail("cover", path);
}

/// What no question is about, also where it may read everything: passwords, as their hashes.
void cover_passwords() {
    std::string place;
    for (const char* each : {"/tmp", "/var/tmp", "/run", "/root"}) // covered themselves afterwards
        if (place.empty() && is_there(each)) place = each;
    if (place.empty()) return; // no tree that anybody logs in to
    const std::string empty = place + "/empty";
    constexpr unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (::mount("tmpfs", place.c_str(), "tmpfs", plain, "mode=0555,size=4k,nr_inodes=3") != 0)
        fail("cover", place);
    const int file = ::open(empty.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (file < 0) fail("make", empty);
    ::close(file);
    for (const char* path :
         {"/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/security/opasswd"}) {
        if (!is_there(path)) continue;
        if (::mount(empty.c_str(), path, nullptr, MS_BIND, nullptr) != 0 ||
            ::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | covering, nullptr) != 0)
            fail("cover", path);
    }
    if (::umount2(place.c_str(), MNT_DETACH) != 0) fail("uncover", place);
}

/// A directory's files as they are, its mounts' not; and through an overlay no socket and no FIFO of the
/// machine is reached (unix(7): the inode is another).
void cover_with_files_only(const char* path) {
    const std::string options = std::string{"lowerdir=/tmp:"} + path; // /tmp is empty; two are needed
    if (::mount("overlay", path, "overlay", covering, options.c_str()) == 0) return;
    if (errno == ENOENT || errno == ENOTDIR) return;
    cover_directory(path); // on an overlay that lies on others: nothing of it, then
}

} // namespace

void enter_copy_of(const std::string& root, Writable writable) {
    if (::unshare(CLONE_NEWNS) != 0) fail("make a mount namespace for", root);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        // In a chroot '/' may be no mount; its namespace's root is reached first.
        if (errno != EINVAL) fail("isolate the mounts of", root);
    } else if (writable == Writable::no && wall_stands(Wall::query_covers)) {
        cover_automounts(); // of this namespace: nothing of it is seen elsewhere
    }
    const int tree = copy_mount(root.c_str(), AT_RECURSIVE);
    if (tree < 0) fail("copy the mounts of", root);
    // pivot_root(2) replaces the namespace's root, which in a chroot is another than this process's; setns(2)
    // into the own namespace leads there.
    const int own = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (own < 0 || ::setns(own, CLONE_NEWNS) != 0) fail("reach the root of the mounts for", root);
    ::close(own);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        fail("isolate the mounts of", root);
    if (attach_mount(tree, "/") != 0) fail("attach the mounts of", root);
    if (::fchdir(tree) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) fail("enter", root);
    ::close(tree);
}

MountTrees take_plain_devices() {
    MountTrees trees;
    for (const char* path : plain_devices)
        if (const int tree = device_tree(path); tree >= 0) trees[path] = tree;
    return trees;
}

void let_old_root_go() {
    if (::umount2(".", MNT_DETACH) != 0) fail("let go", "the old root");
    if (::chdir("/") != 0) fail("enter", "/");
}

void set_up_mounts(Writable writable) {
    if (!wall_stands(Wall::query_mounts)) return;
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const unsigned long long set =
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (writable == Writable::no ? MOUNT_ATTR_RDONLY : 0);
    if (root < 0 || set_attributes(root, AT_RECURSIVE, set, 0) != 0) fail("set up the mounts of", "/");
    ::close(root);
}

void give_plain_devices(const MountTrees& trees, bool other_root) {
    if (!is_there("/dev")) return;
    if (other_root) {
        if (::mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=0755,size=64k") != 0)
            fail("mount", "/dev");
        for (const auto& [path, tree] : trees) {
            const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
            if (file < 0) fail("make", path);
            ::close(file);
        }
        for (const auto& [name, target] : {std::pair{"/dev/fd", "/proc/self/fd"},
                                           {"/dev/stdin", "fd/0"},
                                           {"/dev/stdout", "fd/1"},
                                           {"/dev/stderr", "fd/2"}})
            if (::symlink(target, name) != 0) fail("make", name);
    }
    for (const auto& [path, tree] : trees) {
        if (attach_mount(tree, path.c_str()) != 0 && errno != ENOENT) fail("attach", path);
        ::close(tree);
    }
    if (other_root &&
        ::mount(nullptr, "/dev", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                nullptr) != 0)
        fail("make read-only", "/dev");
}

void cover(const Request& request) {
    if (!wall_stands(Wall::query_covers)) return;
    for (const std::string& path : request.hidden) cover_directory(path);
    cover_passwords();
    for (const char* path : {"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/root"}) cover_directory(path);
    if (request.needs.read_all) cover_directory("/home");
    cover_with_files_only("/run");
    if (!request.needs.read_all) return;
    // MountTrees of the machine can be read then.
    const int devices = ::open("/dev", O_PATH | O_CLOEXEC);
    if (devices >= 0 && set_attributes(devices, 0, 0, MOUNT_ATTR_NODEV) != 0 && errno != EINVAL)
        fail("open the devices of", "/dev");
    ::close(devices);
}

void show_machine_in_proc(const std::vector<std::string>& hidden, const std::string& observer) {
    char self[64] = {};
    if (::readlink("/proc/self", self, sizeof self - 1) <= 0) return; // no /proc: nothing to be shown
    for (const char* file : {"mountinfo", "mounts", "mountstats", "net"}) {
        const std::string from = "/proc/" + observer + "/" + file,
                          to = std::string{"/proc/"} + self + "/" + file;
        if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0 && errno != ENOENT)
            fail("show the mounts in", to);
    }
    cover_directory("/proc/" + observer);
    for (const std::string& process : hidden) cover_directory("/proc/" + process);
}

} // namespace disco::border::cell
