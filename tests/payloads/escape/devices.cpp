// D: device nodes, made or found, and terminals. A device that opens is only opened, for reading.

#include "tests/payloads/escape/attempt.hpp"

#include <cstdlib>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace escape {
namespace {

Verdict open_new_node(const std::string& directory, mode_t type, dev_t device) {
    const std::string path = directory + "/node";
    ::unlink(path.c_str());
    if (::mknod(path.c_str(), type | 0600, device) != 0) return held_by_errno();
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const int error = errno;
    ::unlink(path.c_str());
    if (fd >= 0) return got_through("the device was opened");
    return error == ENXIO || error == ENODEV ? absent("no such device") : held_by_errno(error);
}

std::string in_view() { return setting("writable"); }
dev_t root_disk() { return static_cast<dev_t>(number_setting("root_disk")); }

Verdict root_disk_in_view() { return open_new_node(in_view(), S_IFBLK, root_disk()); }
Verdict root_disk_in_tmp() { return open_new_node("/tmp", S_IFBLK, root_disk()); }
Verdict root_disk_in_run() { return open_new_node("/run", S_IFBLK, root_disk()); }
Verdict root_disk_in_shm() { return open_new_node("/dev/shm", S_IFBLK, root_disk()); }
Verdict root_disk_in_dev() { return open_new_node("/dev", S_IFBLK, root_disk()); }
Verdict new_mem() { return open_new_node(in_view(), S_IFCHR, makedev(1, 1)); }
Verdict new_port() { return open_new_node(in_view(), S_IFCHR, makedev(1, 4)); }
Verdict new_kmsg() { return open_new_node(in_view(), S_IFCHR, makedev(1, 11)); }
Verdict new_loop_control() { return open_new_node(in_view(), S_IFCHR, makedev(10, 237)); }
Verdict new_fuse() { return open_new_node(in_view(), S_IFCHR, makedev(10, 229)); }
Verdict new_tun() { return open_new_node(in_view(), S_IFCHR, makedev(10, 200)); }
Verdict new_kvm() { return open_new_node(in_view(), S_IFCHR, makedev(10, 232)); }
Verdict new_console() { return open_new_node(in_view(), S_IFCHR, makedev(5, 1)); }

/// The live root has a node of the disk.
Verdict existing_node() { return by_open(setting("existing_node"), O_RDONLY); }

Verdict only_plain_devices() {
    const std::set<std::string> plain = {".",       "..",  "null", "zero",  "full",   "random",
                                         "urandom", "tty", "fd",   "stdin", "stdout", "stderr",
                                         "ptmx",    "pts", "shm",  "mqueue"};
    DIR* directory = ::opendir("/dev");
    if (directory == nullptr) return held_by_errno();
    while (const dirent* entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        const bool log = name == "log" && entry->d_type == DT_SOCK; // the sandbox's own
        if (!log && !plain.contains(name)) return got_through("/dev/" + name);
    }
    ::closedir(directory);
    return held("no other");
}
Verdict other_terminals() {
    DIR* directory = ::opendir("/dev/pts");
    if (directory == nullptr) return held_by_errno();
    while (const dirent* entry = ::readdir(directory))
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            return got_through(std::string{"/dev/pts/"} + entry->d_name);
    ::closedir(directory);
    return held("none");
}
Verdict make_in_dev() { return by_result(::mkdir("/dev/made", 0755)); }

Verdict controlling_terminal() { return by_open("/dev/tty", O_RDWR); }

/// A terminal of our own: what is refused there is refused on the machine's.
int terminal() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return -1;
    return ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
}
Verdict terminal_call(unsigned long request, const void* argument) {
    const int fd = terminal();
    if (fd < 0) return held_by_errno();
    return by_refusal(::syscall(SYS_ioctl, fd, request, argument));
}
constexpr unsigned long high_bit = 1UL << 32; // the kernel takes an unsigned int
/// At an address that cannot be read: nothing is typed.
Verdict tiocsti() { return terminal_call(TIOCSTI, nullptr); }
Verdict tiocsti_high_bits() { return terminal_call(TIOCSTI + high_bit, nullptr); }
Verdict tioclinux() { return terminal_call(TIOCLINUX, nullptr); }
Verdict tioclinux_high_bits() { return terminal_call(TIOCLINUX + high_bit, nullptr); }
Verdict tiocsetd() { return terminal_call(TIOCSETD, nullptr); }
Verdict tioccons() { return terminal_call(TIOCCONS, nullptr); }
/// The terminal that disco was called on is standard input; it is another session's.
Verdict steal_terminal() {
    if (::isatty(0) == 0) return held("standard input is no terminal");
    // Only the first process of a session may; we lead a process group, and so cannot make one.
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        ::_exit(::ioctl(0, TIOCSCTTY, 1) == 0 ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const int error = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
    return error == 0 ? got_through("it is ours") : held_by_errno(error);
}
Verdict type_on_standard_input() {
    const char key = '\0';
    if (::isatty(0) == 0) return held("standard input is no terminal");
    return by_result(::ioctl(0, TIOCSTI, &key));
}

} // namespace

Attempts device_attempts() {
    return {{"root_disk_in_view", root_disk_in_view},
            {"root_disk_in_tmp", root_disk_in_tmp},
            {"root_disk_in_run", root_disk_in_run},
            {"root_disk_in_shm", root_disk_in_shm},
            {"root_disk_in_dev", root_disk_in_dev},
            {"new_mem", new_mem},
            {"new_port", new_port},
            {"new_kmsg", new_kmsg},
            {"new_loop_control", new_loop_control},
            {"new_fuse", new_fuse},
            {"new_tun", new_tun},
            {"new_kvm", new_kvm},
            {"new_console", new_console},
            {"existing_node", existing_node},
            {"only_plain_devices", only_plain_devices},
            {"other_terminals", other_terminals},
            {"make_in_dev", make_in_dev},
            {"controlling_terminal", controlling_terminal},
            {"tiocsti", tiocsti},
            {"tiocsti_high_bits", tiocsti_high_bits},
            {"tioclinux", tioclinux},
            {"tioclinux_high_bits", tioclinux_high_bits},
            {"tiocsetd", tiocsetd},
            {"tioccons", tioccons},
            {"steal_terminal", steal_terminal},
            {"type_on_standard_input", type_on_standard_input}};
}

} // namespace escape
