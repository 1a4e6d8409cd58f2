#include "tests/payloads/cell/attempts.hpp"
#include "tests/payloads/narrow_calls.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

namespace disco::tests::cell {
namespace {

std::string victim(const std::string& directory) { return directory + "/victim"; }

/// A descriptor of the victim for reading, which is allowed.
struct Reading {
    explicit Reading(const std::string& path) : fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() {
        const int code = errno;
        ::close(fd);
        errno = code;
    }
    int fd;
};

bool open_for_writing(const std::string& d) { return ::open(victim(d).c_str(), O_WRONLY) >= 0; }
bool append(const std::string& d) { return ::open(victim(d).c_str(), O_WRONLY | O_APPEND) >= 0; }
bool open_truncating(const std::string& d) { return ::open(victim(d).c_str(), O_RDONLY | O_TRUNC) >= 0; }
bool create(const std::string& d) { return ::open((d + "/new").c_str(), O_RDONLY | O_CREAT, 0600) >= 0; }
bool temporary(const std::string& d) { return ::open(d.c_str(), O_TMPFILE | O_RDWR, 0600) >= 0; }
bool truncate_path(const std::string& d) { return ::truncate(victim(d).c_str(), 0) == 0; }
bool change_mode(const std::string& d) { return ::chmod(victim(d).c_str(), 0777) == 0; }
bool change_mode_by_descriptor(const std::string& d) {
    const Reading file{victim(d)};
    return ::fchmod(file.fd, 0777) == 0;
}
bool change_owner(const std::string& d) { return ::chown(victim(d).c_str(), ::getuid(), ::getgid()) == 0; }
bool change_times(const std::string& d) { return ::utime(victim(d).c_str(), nullptr) == 0; }
bool change_times_by_descriptor(const std::string& d) {
    const Reading file{victim(d)};
    return ::futimens(file.fd, nullptr) == 0;
}
bool set_attribute(const std::string& d) {
    return ::setxattr(victim(d).c_str(), "user.cell", "x", 1, 0) == 0;
}
bool remove_attribute(const std::string& d) { return ::removexattr(victim(d).c_str(), "user.victim") == 0; }
bool unlink_file(const std::string& d) { return ::unlink(victim(d).c_str()) == 0; }
bool rename_file(const std::string& d) {
    return ::rename((d + "/second").c_str(), (d + "/renamed").c_str()) == 0;
}
bool hard_link(const std::string& d) { return ::link((d + "/third").c_str(), (d + "/linked").c_str()) == 0; }
bool symbolic_link(const std::string& d) { return ::symlink("x", (d + "/symlink").c_str()) == 0; }
bool make_directory(const std::string& d) { return ::mkdir((d + "/directory").c_str(), 0755) == 0; }
bool make_fifo(const std::string& d) { return ::mkfifo((d + "/fifo").c_str(), 0600) == 0; }
bool file_flags(const std::string& d) {
    const Reading file{victim(d)};
    constexpr unsigned long set_flags = 0x40086602; // FS_IOC_SETFLAGS
    long flags = 0x80;                              // noatime
    return ::ioctl(file.fd, set_flags, &flags) == 0;
}
bool lease(const std::string& d) {
    const Reading file{victim(d)};
    return ::fcntl(file.fd, F_SETLEASE, F_RDLCK) == 0;
}
/// Pretended: another process sees no lock.
bool lock(const std::string& d) {
    const Reading file{victim(d)};
    if (::flock(file.fd, LOCK_EX | LOCK_NB) != 0) return false;
    const Reading other{victim(d)};
    return ::flock(other.fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}
bool bind_socket(const std::string& d) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s/bound", d.c_str());
    return fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}
bool connect_unix(const std::string& path, int type) {
    const int fd = ::socket(AF_UNIX, type, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    return fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}
bool service_socket(const std::string&) { return connect_unix("/run/cell-socket", SOCK_STREAM); }
bool datagram_socket(const std::string&) { return connect_unix("/run/cell-datagrams", SOCK_DGRAM); }
bool socket_elsewhere(const std::string& d) { return connect_unix(d + "/socket", SOCK_STREAM); }
/// A daemon that does all for whoever speaks to it: what it says.
std::string ask_daemon(const std::string& request) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, "/var/run/docker.sock");
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    ::shutdown(fd, SHUT_WR);
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;)
        answer.append(buffer.data(), static_cast<std::size_t>(got));
    errno = EACCES;
    return answer;
}
bool daemon_does(const std::string& request) {
    return ask_daemon(request).find("created") != std::string::npos;
}
bool daemon_post(const std::string&) {
    return daemon_does("POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}");
}
bool daemon_post_behind_get(const std::string&) {
    return daemon_does("GET /info HTTP/1.1\r\nHost: d\r\n\r\nPOST /containers/create HTTP/1.1\r\n\r\n");
}
bool daemon_post_in_body(const std::string&) {
    return daemon_does("GET /info HTTP/1.1\r\nContent-Length: 44\r\n\r\nPOST /containers/create "
                       "HTTP/1.1\r\nHost: d\r\n\r\n");
}
bool daemon_post_by_bare_line_feeds(const std::string&) {
    return daemon_does("GET /info HTTP/1.1\nHost: d\n\nPOST /containers/create HTTP/1.1\r\n\r\n");
}
bool abstract_socket(const std::string&) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    constexpr char name[] = "\0disco-cell-test";
    std::memcpy(address.sun_path, name, sizeof name - 1);
    return fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                                offsetof(sockaddr_un, sun_path) + sizeof name - 1) == 0;
}
bool loopback_service(const std::string&) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(47110);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

pid_t outsider() {
    // The first process: nobody else is sure to be there.
    return 1;
}
bool kill_outsider(const std::string&) { return ::kill(outsider(), SIGWINCH) == 0; }
bool queue_signal(const std::string&) {
    union sigval value = {};
    return ::sigqueue(outsider(), SIGWINCH, value) == 0;
}
bool signal_by_pidfd(const std::string&) {
    const long fd = ::syscall(SYS_pidfd_open, outsider(), 0);
    return fd >= 0 && ::syscall(SYS_pidfd_send_signal, fd, SIGWINCH, nullptr, 0) == 0;
}
bool trace_outsider(const std::string&) { return ::ptrace(PTRACE_SEIZE, outsider(), nullptr, nullptr) == 0; }
bool root_of_outsider(const std::string& d) {
    return ::open(("/proc/1/root" + d + "/through-root").c_str(), O_WRONLY | O_CREAT, 0600) >= 0;
}
bool priority_of_outsider(const std::string&) {
    return ::setpriority(PRIO_PROCESS, static_cast<id_t>(outsider()), 5) == 0;
}
bool limit_of_outsider(const std::string&) {
    const struct rlimit limit = {512, 512};
    return ::prlimit(outsider(), RLIMIT_NOFILE, &limit, nullptr) == 0;
}

bool mount_tmpfs(const std::string& d) { return ::mount("tmpfs", d.c_str(), "tmpfs", 0, nullptr) == 0; }
bool remount_writable(const std::string& d) {
    return ::mount(nullptr, d.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0;
}
bool unmount_cover(const std::string&) { return ::umount2("/tmp", MNT_DETACH) == 0; }
bool user_namespace(const std::string& d) {
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           ::mount("tmpfs", d.c_str(), "tmpfs", 0, nullptr) == 0;
}
bool host_name(const std::string&) { return ::sethostname("cell", 4) == 0; }
bool kernel_setting(const std::string&) { return ::open("/proc/sys/kernel/panic", O_WRONLY) >= 0; }
bool null_mode(const std::string&) { return ::chmod("/dev/null", 0666) == 0; }
bool null_mode_by_descriptor(const std::string&) {
    const int fd = ::open("/dev/null", O_RDWR);
    return fd >= 0 && ::fchmod(fd, 0666) == 0;
}
bool input_mode(const std::string&) {
    struct stat status = {};
    return ::fstat(0, &status) == 0 && !S_ISFIFO(status.st_mode);
}
bool inherited_descriptor(const std::string&) {
    for (int fd = 3; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) >= 0) return true;
    return false;
}
/// Those of the machine.
bool shared_memory(const std::string&) { return ::shmget(0x1d15c0, 0, 0) >= 0; }
bool message_queue(const std::string&) { return ::msgget(0x1d15c0, 0) >= 0; }
bool semaphore(const std::string&) { return ::semget(0x1d15c0, 0, 0) >= 0; }
bool asynchronous_io(const std::string&) {
    unsigned long context = 0;
    return ::syscall(SYS_io_setup, 1000, &context) == 0;
}
bool lock_memory(const std::string&) {
    static std::array<char, 65536> memory;
    return ::mlock(memory.data(), memory.size()) == 0;
}
bool many_processes(const std::string&) {
    bool refused = false;
    for (int i = 0; i < 500 && !refused; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::pause();
            ::_exit(0);
        }
        refused = child < 0;
    }
    return !refused;
}
bool old_abi(const std::string&) {
    const long result = disco::tests::narrow_call(20).value_or(-ENOSYS); // getpid
    if (result > 0) return true;
    errno = static_cast<int>(-result);
    return false;
}
bool state_directory(const std::string& d) { return ::open((d + "/state/secret").c_str(), O_RDONLY) >= 0; }
bool temporary_files(const std::string&) { return ::open("/tmp/cell-secret", O_RDONLY) >= 0; }
bool shadow(const std::string&) {
    const int fd = ::open("/etc/shadow", O_RDONLY);
    char byte = 0;
    return fd >= 0 && ::read(fd, &byte, 1) == 1;
}
bool process_environment(const std::string&) { return ::open("/proc/1/environ", O_RDONLY) >= 0; }
bool change_root(const std::string& d) { return ::chroot(d.c_str()) == 0; }
bool open_by_handle(const std::string& d) {
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes = {};
    auto* handle = reinterpret_cast<file_handle*>(bytes.data());
    handle->handle_bytes = MAX_HANDLE_SZ;
    int mount = 0;
    if (::name_to_handle_at(AT_FDCWD, d.c_str(), handle, &mount, 0) != 0) return false;
    const Reading place{d};
    return ::open_by_handle_at(place.fd, handle, O_RDONLY) >= 0;
}

} // namespace

std::string daemon_information() { return ask_daemon("GET /info HTTP/1.1\r\nHost: d\r\n\r\n"); }

namespace {

std::vector<Attempt> all() {
    std::vector<Attempt> list = {
        {"inherited_descriptor", inherited_descriptor}, // before others leave descriptors open
        {"open_for_writing", open_for_writing},
        {"append", append},
        {"open_truncating", open_truncating},
        {"create", create},
        {"temporary", temporary},
        {"truncate_path", truncate_path},
        {"change_mode", change_mode},
        {"change_mode_by_descriptor", change_mode_by_descriptor},
        {"change_owner", change_owner},
        {"change_times", change_times},
        {"change_times_by_descriptor", change_times_by_descriptor},
        {"set_attribute", set_attribute},
        {"remove_attribute", remove_attribute},
        {"unlink_file", unlink_file},
        {"rename_file", rename_file},
        {"hard_link", hard_link},
        {"symbolic_link", symbolic_link},
        {"make_directory", make_directory},
        {"make_fifo", make_fifo},
        {"file_flags", file_flags},
        {"lease", lease},
        {"lock", lock},
        {"bind_socket", bind_socket},
        {"service_socket", service_socket},
        {"datagram_socket", datagram_socket},
        {"socket_elsewhere", socket_elsewhere},
        {"daemon_post", daemon_post},
        {"daemon_post_behind_get", daemon_post_behind_get},
        {"daemon_post_in_body", daemon_post_in_body},
        {"daemon_post_by_bare_line_feeds", daemon_post_by_bare_line_feeds},
        {"abstract_socket", abstract_socket},
        {"loopback_service", loopback_service},
        {"kill_outsider", kill_outsider},
        {"queue_signal", queue_signal},
        {"signal_by_pidfd", signal_by_pidfd},
        {"trace_outsider", trace_outsider},
        {"root_of_outsider", root_of_outsider},
        {"priority_of_outsider", priority_of_outsider},
        {"limit_of_outsider", limit_of_outsider},
        {"mount_tmpfs", mount_tmpfs},
        {"remount_writable", remount_writable},
        {"unmount_cover", unmount_cover},
        {"user_namespace", user_namespace},
        {"host_name", host_name},
        {"kernel_setting", kernel_setting},
        {"null_mode", null_mode},
        {"null_mode_by_descriptor", null_mode_by_descriptor},
        {"input_mode", input_mode},
        {"shared_memory", shared_memory},
        {"message_queue", message_queue},
        {"semaphore", semaphore},
        {"asynchronous_io", asynchronous_io},
        {"lock_memory", lock_memory},
        {"many_processes", many_processes},
        {"old_abi", old_abi},
        {"state_directory", state_directory},
        {"temporary_files", temporary_files},
        {"shadow", shadow},
        {"process_environment", process_environment},
        {"open_by_handle", open_by_handle},
    };
    const std::vector<Attempt> network = network_attempts();
    list.insert(list.end(), network.begin(), network.end());
    list.push_back({"change_root", change_root}); // the last: nothing is where it was
    return list;
}

} // namespace

const std::vector<Attempt>& attempts() {
    static const std::vector<Attempt> list = all();
    return list;
}

} // namespace disco::tests::cell
