#include "tests/escape/bait.hpp"

#include "runner/sys/error.hpp"
#include "tests/escape/outsider.hpp"
#include "tests/support/private_mounts.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

constexpr key_t ipc_key = 0x64697363;
constexpr const char* name = "disco-escape-canary";
constexpr const char* queue = "/disco-escape-canary";

std::string link_of(const char* kind) { return fs::read_symlink(fs::path{"/proc/self/ns"} / kind); }

/// The device that the machine's root lies on; where nobody may open that, another one.
dev_t root_disk(const fs::path& outside) {
    struct stat status = {};
    ::stat("/", &status);
    const fs::path node = outside / "disk";
    sys::check(::mknod(node.c_str(), S_IFBLK | 0600, status.st_dev), "make a device");
    const sys::UniqueFd opened{::open(node.c_str(), O_RDONLY | O_CLOEXEC)};
    return opened ? status.st_dev : makedev(7, 0); // the first loop device
}

} // namespace

Bait::Bait(const fs::path& outside, const fs::path& root) {
    const fs::path canary = outside / name;
    put(canary, "out\n");
    add("canary", canary);
    add("canary_from_top", path_from_top(canary)); // in a chroot, who climbs past its root gets there
    add("canary_name", name);
    for (const char* kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup"})
        add(fmt::format("ns_{}", kind), link_of(kind));
    fill_foreign_directory(outside / "foreign");
    leak_descriptors(outside, canary);
    start_canary();
    outsider_ = start_outsider(outside / "foreign");
    for (const char* path : {"/run/systemd/private", "/run/dbus/system_bus_socket", "/run/docker.sock",
                             "/run/containerd/containerd.sock"}) {
        fs::create_directories(fs::path{path}.parent_path());
        listen_at(path);
    }
    listen_at(root / "srv/socket");
    add("socket_in_view", "/srv/socket");
    listen_on_mounts(root);
    listen_at(std::string(1, '\0') + name);
    add("abstract_socket", name);
    listen_on_loopback();
    make_ipc();
    make_keys(outside.parent_path().filename());
    make_terminal();
    const dev_t disk = root_disk(outside);
    add("root_disk", std::to_string(disk));
    sys::check(::mknod((root / "srv/disk").c_str(), S_IFBLK | 0600, disk), "make a device");
    add("existing_node", "/srv/disk");
}

Bait::~Bait() {
    for (const pid_t child : {canary_, outsider_}) {
        if (child <= 0) continue;
        ::kill(child, SIGKILL); // our child, not yet reaped
        ::waitpid(child, nullptr, 0);
    }
    for (const fs::path& mount : mounts_) ::umount2(mount.c_str(), MNT_DETACH);
    ::shmctl(shm_, IPC_RMID, nullptr);
    ::msgctl(msg_, IPC_RMID, nullptr);
    ::semctl(sem_, 0, IPC_RMID);
    ::mq_unlink(queue);
    ::shm_unlink(name);
    for (const long key : {key_, session_key_})
        if (key > 0) ::syscall(SYS_keyctl, KEYCTL_INVALIDATE, key);
}

/// What groups M and N try to reach by a descriptor of a directory.
void Bait::fill_foreign_directory(const fs::path& directory) {
    for (const char* file :
         {"written", "emptied", "secret", "removed", "renamed", "mode", "owner", "times", "handed"})
        put(directory / file, "foreign\n", 0600);
    put(directory / "program", "foreign\n", 0755);
    fs::create_directory(directory / "removed-directory");
    sys::check(::chmod(directory.c_str(), 0700), "set the mode of", directory);
}

/// Above the numbers that a program is likely to use itself.
void Bait::leak_descriptors(const fs::path& outside, const fs::path& canary) {
    const auto leak = [&](const fs::path& path, int flags) {
        const sys::UniqueFd fd{sys::check(::open(path.c_str(), flags | O_CLOEXEC), "open", path)};
        open_.emplace_back(sys::check(::fcntl(fd.get(), F_DUPFD, 300), "duplicate a descriptor"));
    };
    leak(outside, O_RDONLY | O_DIRECTORY);
    leak(canary, O_RDWR);
    struct stat status = {};
    ::stat(canary.c_str(), &status);
    add("leaked_inode", std::to_string(status.st_ino));
    add("leaked_device", std::to_string(status.st_dev));
}

void Bait::start_canary() {
    canary_ = sys::check(::fork(), "fork");
    if (canary_ == 0) {
        for (;;) ::pause();
    }
    add("canary_pid", std::to_string(canary_));
}

void Bait::listen_at(const std::string& path) {
    sys::UniqueFd fd{sys::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")};
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw sys::Error{"the name of a socket is too long"};
    std::copy(path.begin(), path.end(), address.sun_path);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    sys::check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length), "bind", path);
    sys::check(::listen(fd.get(), 8), "listen");
    open_.push_back(std::move(fd));
}

void Bait::listen_on_mounts(const fs::path& root) {
    const fs::path directory = root / "srv/readonly", socket = directory / "socket",
                   fifo = directory / "fifo", bound = root / "srv/bound";
    fs::create_directories(directory);
    listen_at(socket);
    sys::check(::mkfifo(fifo.c_str(), 0666), "make a FIFO", fifo);
    open_.emplace_back(sys::check(::open(fifo.c_str(), O_RDWR | O_CLOEXEC), "open", fifo));
    put(bound, "");
    const auto bind = [&](const fs::path& from, const fs::path& to) {
        sys::check(::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr), "bind", to);
        mounts_.push_back(to);
    };
    bind(socket, bound);
    bind(directory, directory);
    sys::check(::mount(nullptr, directory.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr),
               "make read-only", directory);
    add("socket_on_mount", "/srv/readonly/socket");
    add("fifo_on_mount", "/srv/readonly/fifo");
    add("bound_socket", "/srv/bound");
}

void Bait::listen_on_loopback() {
    sys::UniqueFd fd{sys::check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")};
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    sys::check(::bind(fd.get(), plain, length), "bind");
    sys::check(::listen(fd.get(), 8), "listen");
    sys::check(::getsockname(fd.get(), plain, &length), "read the port");
    add("port", std::to_string(ntohs(address.sin_port)));
    open_.push_back(std::move(fd));
}

void Bait::make_ipc() {
    shm_ = sys::check(::shmget(ipc_key, 4096, IPC_CREAT | 0666), "make shared memory");
    msg_ = sys::check(::msgget(ipc_key, IPC_CREAT | 0666), "make a message queue");
    sem_ = sys::check(::semget(ipc_key, 1, IPC_CREAT | 0666), "make a semaphore");
    add("ipc_key", std::to_string(ipc_key));
    add("shm_id", std::to_string(shm_));
    open_.emplace_back(
        sys::check(::mq_open(queue, O_RDWR | O_CREAT | O_CLOEXEC, 0666, nullptr), "make a queue"));
    add("mqueue", queue);
    open_.emplace_back(
        sys::check(::shm_open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666), "make shared memory"));
    add("posix_shm", name);
}

/// One in a session keyring of this process, one in the keyring of user 0.
void Bait::make_keys(const std::string& unique) {
    const std::string user = key_prefix + unique, session = user + "-session";
    ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);
    const auto make = [](const std::string& what, long keyring) {
        return ::syscall(SYS_add_key, "user", what.c_str(), "secret", 6, keyring);
    };
    key_ = make(user, KEY_SPEC_USER_KEYRING);
    ::syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING); // to possess it
    constexpr unsigned everything_for_user = 0x3f3f0000; // also without possession
    ::syscall(SYS_keyctl, KEYCTL_SETPERM, key_, everything_for_user);
    session_key_ = make(session, KEY_SPEC_SESSION_KEYRING);
    add("key", user);
    add("session_key", session);
    add("key_serial", std::to_string(key_));
}

void Bait::make_terminal() {
    sys::UniqueFd master{sys::check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "make a terminal")};
    if (::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0)
        throw sys::SysError{errno, "unlock a terminal"};
    terminal_ =
        sys::UniqueFd{sys::check(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC), "open it")};
    open_.push_back(std::move(master));
}

} // namespace disco::tests
