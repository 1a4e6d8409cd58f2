#include "runner/border/cell/mount_tables.hpp"

#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/mount_calls.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

constexpr unsigned long closed = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* names[] = {"mountinfo", "mounts", "mountstats"};

std::string read_all(int file, const char* name) {
    std::string text;
    std::array<char, 16384> part; // NOLINT(*-member-init): read(2) fills it
    for (;;) {
        const ssize_t got = ::read(file, part.data(), part.size());
        if (got < 0) fail("read", name);
        if (got == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
}

void write_file(const std::string& path, std::string_view text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (file < 0) fail("make", path);
    while (!text.empty()) {
        const ssize_t wrote = ::write(file, text.data(), text.size());
        if (wrote <= 0) fail("write", path);
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    ::close(file);
}

/// Mounts of a file each, that are nowhere yet. Their file system is mounted on /proc for a moment, and goes
/// with the last of them.
std::map<std::string, int> files_of(const MountTables& tables) {
    std::map<std::string, int> files;
    if (::mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=16m") != 0) {
        if (errno == ENOENT) return files; // a tree without the directory
        fail("mount", "/proc");
    }
    for (const auto& [name, text] : tables) {
        const std::string path = "/proc/" + name;
        write_file(path, text);
        const int tree = copy_mount(path.c_str());
        if (tree < 0 || set_attributes(tree, 0, MOUNT_ATTR_RDONLY, 0) != 0)
            fail("make a read-only mount of", path);
        files[name] = tree;
    }
    if (::umount2("/proc", MNT_DETACH) != 0) fail("unmount", "/proc");
    return files;
}

} // namespace

int open_own_process() {
    const int process = ::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) fail("open", "/proc/self");
    return process;
}

/// What they show is what can be seen from the root that the process has when they are opened.
MountTables read_mount_tables(int process) {
    MountTables tables;
    for (const char* name : names) {
        const int file = ::openat(process, name, O_RDONLY | O_CLOEXEC);
        if (file < 0 && errno == ENOENT) continue; // a kernel without it
        if (file < 0) fail("open", name);
        tables[name] = read_all(file, name);
        ::close(file);
    }
    return tables;
}

void mount_own_proc(const MountTables& tables) {
    const std::map<std::string, int> files = tables.empty() ? std::map<std::string, int>{} : files_of(tables);
    if (::mount("proc", "/proc", "proc", closed, nullptr) != 0) {
        if (errno == ENOENT) return; // a tree without the directory
        fail("mount", "/proc");
    }
    if (files.empty()) return;
    char self[64] = {};
    if (::readlink("/proc/self", self, sizeof self - 1) <= 0) fail("read", "/proc/self");
    for (const auto& [name, tree] : files) {
        const std::string target = std::string{"/proc/"} + self + "/" + name;
        if (attach_mount(tree, target.c_str()) != 0) fail("show the mounts in", target);
        ::close(tree);
    }
}

} // namespace disco::border::cell
