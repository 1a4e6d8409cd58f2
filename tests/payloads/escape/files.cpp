// A: out of the root by descriptors, handles, /proc, names; and what is shown read-only.

#include "tests/payloads/escape/attempt.hpp"

#include <array>
#include <climits>
#include <cstring>
#include <fstream>

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/fs.h>

namespace escape {
namespace {

/// Whether the machine's own tree is reached by a name that leads to its root, or to what lies above that.
Verdict canary_below(const std::string& root) {
    for (const char* name : {"canary", "canary_from_top"})
        if (const Verdict verdict = by_open(root + setting(name), O_RDONLY); verdict.escaped) return verdict;
    return held("no canary there");
}

Verdict dotdot_above_root() {
    std::string up;
    for (int i = 0; i < 40; ++i) up += "/..";
    return canary_below(up);
}

/// The classic: a root deeper than the working directory, from which ".." leads out.
Verdict double_chroot() {
    const std::string jail = std::string{scratch} + "/jail";
    ::mkdir(jail.c_str(), 0755);
    const int here = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (::chroot(jail.c_str()) != 0) return held_by_errno();
    if (::fchdir(here) != 0) return held_by_errno();
    for (int i = 0; i < 100; ++i)
        if (::chdir("..") != 0) return held_by_errno();
    if (::chroot(".") != 0) return held_by_errno();
    return canary_below("");
}

Verdict leaked_descriptor(bool want_directory) {
    for (int fd = 3; fd < 1024; ++fd) {
        struct stat status = {};
        if (::fstat(fd, &status) != 0) continue;
        const bool leaked_one = status.st_ino == static_cast<ino_t>(number_setting("leaked_inode")) &&
                                status.st_dev == static_cast<dev_t>(number_setting("leaked_device"));
        if (!want_directory && (leaked_one || S_ISSOCK(status.st_mode)))
            return got_through("descriptor " + std::to_string(fd) + " is the machine's");
        if (!want_directory || !S_ISDIR(status.st_mode)) continue;
        const int found = ::openat(fd, setting("canary_name").c_str(), O_RDONLY | O_CLOEXEC);
        if (found >= 0) return got_through("openat by descriptor " + std::to_string(fd));
        if (::fchdir(fd) == 0 && ::access(setting("canary_name").c_str(), F_OK) == 0)
            return got_through("fchdir by descriptor " + std::to_string(fd));
    }
    return held("no such descriptor");
}
Verdict leaked_directory() { return leaked_descriptor(true); }
Verdict leaked_file() { return leaked_descriptor(false); }

/// Standard input, output and error are pipes, or the sandbox's own /dev/null.
Verdict standard_descriptors() {
    struct stat null = {};
    if (::stat("/dev/null", &null) != 0) return held_by_errno();
    for (int fd = 0; fd <= 2; ++fd) {
        struct stat status = {};
        if (::fstat(fd, &status) != 0 || S_ISFIFO(status.st_mode)) continue;
        if (status.st_dev != null.st_dev || status.st_ino != null.st_ino)
            return got_through("descriptor " + std::to_string(fd) + " is the machine's");
    }
    return held("pipes and /dev/null");
}

Verdict init_root() { return by_open("/proc/1/root/", O_RDONLY | O_DIRECTORY); }
Verdict init_cwd() { return by_open("/proc/1/cwd/", O_RDONLY | O_DIRECTORY); }
Verdict init_fd() { return by_open("/proc/1/fd/3", O_RDONLY); }
/// Their numbers are listed; what they are is not told.
Verdict init_fd_links() {
    std::array<char, 64> target{};
    return by_result(::readlink("/proc/1/fd/4", target.data(), target.size()));
}
Verdict init_mem() { return by_open("/proc/1/mem", O_RDWR); }
Verdict init_environ() { return by_open("/proc/1/environ", O_RDONLY); }
Verdict init_maps() { return by_open("/proc/1/maps", O_RDONLY); }
Verdict init_exe() { return by_open("/proc/1/exe", O_RDONLY); }
Verdict init_map_files() {
    DIR* directory = ::opendir("/proc/1/map_files");
    if (directory == nullptr) return held_by_errno();
    errno = 0;
    while (const dirent* entry = ::readdir(directory))
        if (entry->d_name[0] != '.') return got_through(entry->d_name);
    return held_by_errno();
}
Verdict parent_root() {
    // The parent is of this sandbox; its root must not be another one.
    const std::string root = "/proc/" + std::to_string(::getppid()) + "/root";
    return canary_below(root);
}

Verdict init_cmdline() {
    std::ifstream file{"/proc/1/cmdline"};
    const std::string words{std::istreambuf_iterator<char>{file}, {}};
    return words.find(setting("state")) != std::string::npos ? got_through("it names the state directory")
                                                             : held("it tells nothing");
}

Verdict own_root_dotdot() { return canary_below("/proc/self/root/.."); }
Verdict own_cwd_dotdot() { return canary_below("/proc/self/cwd/../../../../.."); }

/// Read-only descriptors must not become writable ones by their name in /proc.
Verdict reopen_readonly_fd() {
    const int fd = ::open("/run/disco/prelude.bash", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return held_by_errno();
    return by_open("/proc/self/fd/" + std::to_string(fd), O_WRONLY);
}
Verdict write_runtime() { return by_open("/run/disco/prelude.bash", O_WRONLY); }
Verdict write_shim() { return by_open("/run/disco/bin/disco-shim", O_WRONLY); }
Verdict write_module() {
    const Verdict verdict = by_open("/run/disco/module/scripts/10-escape.sh", O_WRONLY);
    return verdict.how.starts_with("absent") ? by_open("/run/disco/module/templates/etc/escape", O_WRONLY)
                                             : verdict;
}
Verdict write_parameters() { return by_open("/var/lib/disco/parameters/web1/canary", O_WRONLY); }
Verdict touch_runtime() { return by_result(::utimensat(AT_FDCWD, "/run/disco/prelude.bash", nullptr, 0)); }
Verdict link_runtime() {
    return by_result(::linkat(AT_FDCWD, "/run/disco/prelude.bash", AT_FDCWD, "/run/disco/prelude2", 0));
}

/// A program cannot be written to while it runs; disco's own is not to be had.
Verdict overwrite_self_exe() { return by_open("/proc/self/exe", O_WRONLY); }
Verdict overwrite_init_exe() { return by_open("/proc/1/exe", O_WRONLY); }

/// Any inode of a file system by its number, round every mount: 2 is the root of ext4 and its like.
Verdict open_by_handle(const char* mounted, unsigned inode) {
    constexpr std::size_t room = 64;
    alignas(struct file_handle) std::array<char, sizeof(struct file_handle) + room> memory{};
    auto* const handle = reinterpret_cast<struct file_handle*>(memory.data());
    handle->handle_bytes = 8;
    handle->handle_type = 1; // FILEID_INO32_GEN
    std::memcpy(memory.data() + sizeof(struct file_handle), &inode, sizeof inode);
    const int mount = ::open(mounted, O_RDONLY | O_CLOEXEC);
    if (mount < 0) return held_by_errno();
    if (inode == 0) { // the object itself, of file systems that number otherwise
        int id = 0;
        handle->handle_bytes = room;
        if (::name_to_handle_at(mount, "", handle, &id, AT_EMPTY_PATH) != 0) return held_by_errno();
    }
    const int fd = ::open_by_handle_at(mount, handle, O_RDONLY | O_CLOEXEC);
    return fd < 0 && errno != EPERM ? absent(::strerror(errno)) : by_result(fd);
}
Verdict handle_of_root() { return open_by_handle("/run/disco/prelude.bash", 2); }
Verdict handle_of_file() { return open_by_handle("/run/disco/prelude.bash", 0); }
Verdict handle_on_every_mount() {
    std::vector<Verdict> verdicts;
    std::ifstream mounts{"/proc/self/mountinfo"};
    for (std::string line; std::getline(mounts, line);) {
        std::string place = line;
        for (int word = 0; word < 4; ++word) place.erase(0, place.find(' ') + 1);
        place.erase(place.find(' '));
        for (const unsigned inode : {0U, 1U, 2U}) verdicts.push_back(open_by_handle(place.c_str(), inode));
    }
    return first_escape(verdicts);
}

Verdict state_through_view() { return by_open(setting("state_in_view") + "/runs", O_RDONLY | O_DIRECTORY); }
Verdict scratch_through_view() {
    return by_open(setting("state_in_view") + "/scratch", O_RDONLY | O_DIRECTORY);
}

/// The options of an overlay name its layers; no such name may lead there.
Verdict layers_by_name() {
    std::ifstream mounts{"/proc/self/mountinfo"};
    for (std::string line; std::getline(mounts, line);)
        for (const char* option : {"upperdir=", "workdir=", "lowerdir="}) {
            const auto at = line.find(option);
            if (at == std::string::npos) continue;
            const auto begin = at + std::strlen(option);
            const std::string name = line.substr(begin, line.find_first_of(",:", begin) - begin);
            if (name != "/" && ::access(name.c_str(), F_OK) == 0) return got_through(name + " can be seen");
        }
    return held("no layer can be seen");
}

std::string fresh_file(const char* name) {
    std::string path = std::string{setting("writable")} + "/" + name;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0) ::close(fd);
    return path;
}
Verdict forge(const char* attribute, const char* value) {
    return by_result(::setxattr(fresh_file("forged").c_str(), attribute, value, std::strlen(value), 0));
}
Verdict forge_redirect() { return forge("trusted.overlay.redirect", "/etc"); }
Verdict forge_metacopy() { return forge("trusted.overlay.metacopy", ""); }
Verdict forge_opaque() { return forge("trusted.overlay.opaque", "y"); }
Verdict forge_whiteout() { return forge("trusted.overlay.whiteout", ""); }
/// Of a mount with userxattr these would be bookkeeping; here they are attributes like any other.
Verdict forge_user_redirect() {
    const std::string directory = setting("writable") + "/userxattr";
    ::mkdir(directory.c_str(), 0755);
    ::setxattr(directory.c_str(), "user.overlay.redirect", "/etc", 4, 0);
    ::setxattr(directory.c_str(), "user.overlay.opaque", "y", 1, 0);
    return ::access((directory + "/passwd").c_str(), F_OK) == 0 ? got_through("followed")
                                                                : held("not followed");
}
Verdict mknod_whiteout() {
    return by_result(::mknod((setting("writable") + "/whiteout").c_str(), S_IFCHR, makedev(0, 0)));
}

/// Names that a reader of lists may trip over; and deeper than a path may be long.
Verdict odd_names() {
    const std::string place = setting("writable") + "/odd";
    if (::mkdir(place.c_str(), 0755) != 0) return held_by_errno();
    const int directory = ::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const std::string& name : {std::string{"new\nline"}, std::string{"-rf"}, std::string{"\xff\xfe"},
                                    std::string(255, 'x'), std::string{"; rm"}, std::string{"\x1b[2J"},
                                    std::string{" "}, std::string{"\\"}, std::string{"'\"$(id)`id`"}}) {
        const int fd = ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd >= 0) ::close(fd);
    }
    if (::chdir(place.c_str()) != 0) return held_by_errno();
    const std::string name(250, 'd');
    // As deep as a path can name: what is deeper is refused, in words (tests/scenario/deep_directories_test).
    for (std::size_t length = place.size() + 251; length < PATH_MAX; length += 251)
        if (::mkdir(name.c_str(), 0755) != 0 || ::chdir(name.c_str()) != 0) return held_by_errno();
    return held("made, for the report to tell");
}

/// Links are followed in the view, wherever they lead.
Verdict symlink_to_canary() {
    const std::string link = setting("writable") + "/link";
    if (::symlink(setting("canary").c_str(), link.c_str()) != 0) return held_by_errno();
    return by_open(link, O_RDONLY);
}

Verdict write_view() { return by_open("/etc/motd", O_WRONLY); }
Verdict make_file_in_view() {
    return by_result(::open("/etc/made-by-a-template", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

/// A set-user-ID program that another user starts.
Verdict set_user_id() {
    const std::string program = setting("writable") + "/suid";
    std::ifstream from{"/escape/payload", std::ios::binary};
    std::ofstream to{program, std::ios::binary};
    to << from.rdbuf();
    to.close();
    if (!to || ::chmod(program.c_str(), 04755) != 0) return held_by_errno();
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setgid(33) != 0 || ::setuid(33) != 0) ::_exit(2);
        ::execl(program.c_str(), "escape", "am-i-root", nullptr);
        ::_exit(2);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? got_through("another user became root")
                                                         : held("not root");
}

Verdict immutable_flag() {
    const int fd = ::open(fresh_file("flags").c_str(), O_RDONLY | O_CLOEXEC);
    int flags = FS_IMMUTABLE_FL;
    const long result = ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
    Verdict verdict = by_result(result);
    flags = 0;
    ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
    return verdict;
}

} // namespace

Attempts file_attempts() {
    return {{"dotdot_above_root", dotdot_above_root},
            {"double_chroot", double_chroot},
            {"leaked_directory", leaked_directory},
            {"leaked_file", leaked_file},
            {"standard_descriptors", standard_descriptors},
            {"init_root", init_root},
            {"init_cwd", init_cwd},
            {"init_fd", init_fd},
            {"init_fd_links", init_fd_links},
            {"init_mem", init_mem},
            {"init_environ", init_environ},
            {"init_maps", init_maps},
            {"init_map_files", init_map_files},
            {"init_exe", init_exe},
            {"init_cmdline", init_cmdline},
            {"parent_root", parent_root},
            {"own_root_dotdot", own_root_dotdot},
            {"own_cwd_dotdot", own_cwd_dotdot},
            {"reopen_readonly_fd", reopen_readonly_fd},
            {"write_runtime", write_runtime},
            {"write_shim", write_shim},
            {"write_module", write_module},
            {"write_parameters", write_parameters},
            {"touch_runtime", touch_runtime},
            {"link_runtime", link_runtime},
            {"overwrite_self_exe", overwrite_self_exe},
            {"overwrite_init_exe", overwrite_init_exe},
            {"handle_of_root", handle_of_root},
            {"handle_of_file", handle_of_file},
            {"handle_on_every_mount", handle_on_every_mount},
            {"state_through_view", state_through_view},
            {"scratch_through_view", scratch_through_view},
            {"layers_by_name", layers_by_name},
            {"forge_redirect", forge_redirect},
            {"forge_metacopy", forge_metacopy},
            {"forge_opaque", forge_opaque},
            {"forge_whiteout", forge_whiteout},
            {"forge_user_redirect", forge_user_redirect},
            {"mknod_whiteout", mknod_whiteout},
            {"odd_names", odd_names},
            {"symlink_to_canary", symlink_to_canary},
            {"write_view", write_view},
            {"make_file_in_view", make_file_in_view},
            {"set_user_id", set_user_id},
            {"immutable_flag", immutable_flag}};
}

} // namespace escape
