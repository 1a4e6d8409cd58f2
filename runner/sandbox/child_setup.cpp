#include "runner/sandbox/child_setup.hpp"

#include "policy/walls.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::sandbox {
namespace {

using Kind = MountStep::Kind;
using policy::Wall;
using policy::wall_stands;

int set_mount_attributes(int fd, const char* path, unsigned flags, unsigned long set,
                         unsigned long clear) noexcept {
    struct mount_attr attributes = {};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    return static_cast<int>(::syscall(SYS_mount_setattr, fd, path, flags, &attributes, sizeof attributes));
}

int clone_mount(const char* source, unsigned long attributes) noexcept {
    const int fd =
        static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    if (fd >= 0 && attributes != 0 && set_mount_attributes(fd, "", AT_EMPTY_PATH, attributes, 0) != 0) {
        ::close(fd);
        return -1;
    }
    return fd;
}

/// pivot_root(2), "pivot_root(".", ".")": the old root ends on top of the new one, where a name that begins
/// with '/' does not meet it.
///
/// The root to be replaced is the mount namespace's own. In a chroot that is not this process's root, and
/// what lies outside would stay within reach: of setns(2), which leads to the namespace's root, and of
/// CAP_SYS_CHROOT. setns(2) into the own namespace leads out of the chroot first.
int pivot_to(const char* target) noexcept {
    const int view = ::open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (view < 0 || ::setns(fd::mount_namespace, CLONE_NEWNS) != 0 || ::fchdir(view) != 0) return -1;
    ::close(view);
    return static_cast<int>(::syscall(SYS_pivot_root, ".", "."));
}

/// The old root goes with all its mounts.
int let_old_root_go() noexcept {
    if (wall_stands(Wall::old_root) && ::umount2(".", MNT_DETACH) != 0) return -1;
    return ::chdir("/");
}

/// For users other than root in the sandbox, too.
int bind_to(int socket, const char* path) noexcept {
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    std::strcpy(address.sun_path, path);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
    return ::chmod(path, 0666);
}

int listen_at(const char* path) noexcept {
    return bind_to(fd::broker, path) != 0 ? -1 : ::listen(fd::broker, 64);
}

int write_to(const char* target, const char* text) noexcept {
    const int to = ::open(target, O_WRONLY | O_CLOEXEC);
    if (to < 0 || ::write(to, text, std::strlen(text)) < 0) return -1;
    return ::close(to);
}

/// An earlier view of the same layers may still be going: the kernel lets the mounts of a namespace go some
/// time after its last process has ended, and until then the upperdir is in use, which with an index is
/// refused (overlayfs.rst, "Sharing and copying layers").
int mount_overlay(const char* target, const MountStep& step) noexcept {
    constexpr int longest = 5000; // milliseconds
    for (int waited = 0;; ++waited) {
        const int result = ::mount("overlay", target, "overlay", step.flags, step.options.c_str());
        if (result == 0 || errno != EBUSY || waited == longest) return result;
        constexpr struct timespec moment = {.tv_sec = 0, .tv_nsec = 1'000'000};
        ::nanosleep(&moment, nullptr);
    }
}

int take_step(const MountStep& step, int (&slots)[max_slots]) noexcept {
    const char* target = step.target.c_str();
    switch (step.kind) {
    case Kind::overlay: return mount_overlay(target, step);
    case Kind::clone: return slots[step.slot] = clone_mount(step.source.c_str(), step.attributes);
    case Kind::take:
        return slots[step.slot] = static_cast<int>(
                   ::syscall(SYS_open_tree, AT_FDCWD, step.source.c_str(), OPEN_TREE_CLOEXEC));
    case Kind::pivot: return pivot_to(target);
    case Kind::let_go: return let_old_root_go();
    case Kind::mount:
        return ::mount(step.type.c_str(), target, step.type.c_str(), step.flags, step.options.c_str());
    case Kind::attach:
        return static_cast<int>(
            ::syscall(SYS_move_mount, slots[step.slot], "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
    case Kind::work_in: return ::chdir(target);
    case Kind::bind: return ::mount(target, target, nullptr, MS_BIND, nullptr);
    case Kind::mask: return ::mount(step.source.c_str(), target, nullptr, MS_BIND, nullptr);
    case Kind::make_directory:
        if (::mkdir(target, step.mode) != 0 && errno != EEXIST) return -1;
        return ::chmod(target, step.mode);
    case Kind::make_device: // the umask is 0 while the view is built
        return ::mknod(target, S_IFCHR | step.mode, step.device);
    case Kind::make_symlink: return ::symlink(step.source.c_str(), target);
    case Kind::make_readonly:
        return ::mount(nullptr, target, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | step.flags, nullptr);
    case Kind::make_tree_readonly:
        return set_mount_attributes(AT_FDCWD, target, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
    case Kind::make_writable: return set_mount_attributes(AT_FDCWD, target, 0, 0, MOUNT_ATTR_RDONLY);
    case Kind::make_file: return ::mknod(target, S_IFREG | step.mode, 0);
    case Kind::listen: return listen_at(target);
    case Kind::log: return bind_to(fd::log, target);
    case Kind::write: return write_to(target, step.options.c_str());
    }
    errno = EINVAL;
    return -1;
}

/// What PID 1 ignores, its programs do not; the rest it has reset.
bool reset_signals() noexcept {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    for (const int signal : ignored_by_pid1) ::sigaction(signal, &action, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    return ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

/// Gives the parent the listener for the calls of the program in `lane`.
bool hand_over(int listener, int lane) noexcept {
    Message message;
    message.kind = Message::Kind::listens;
    message.lane = lane;
    return send_with(message, listener);
}

/// Standard input, output and error.
bool place_standard(int input, int output, int error) noexcept {
    return ::dup2(input, 0) >= 0 && ::dup2(output, 1) >= 0 && ::dup2(error, 2) >= 0;
}

} // namespace

bool send_with(const Message& message, int descriptor) noexcept {
    Message copy = message; // sendmsg(2) takes what it only reads as not const
    struct iovec bytes = {&copy, sizeof copy};
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof descriptor)] = {};
    struct msghdr header = {};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    if (descriptor >= 0) {
        header.msg_control = space;
        header.msg_controllen = sizeof space;
        struct cmsghdr* control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof descriptor);
        std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
    }
    return ::sendmsg(fd::control, &header, MSG_NOSIGNAL) == ssize_t{sizeof copy};
}

MountFailure make_mounts(const MountPlan& plan, int (&slots)[max_slots]) noexcept {
    ::umask(0);
    int index = 0;
    for (const MountStep& step : plan) {
        const bool done = take_step(step, slots) >= 0;
        const bool absent = !done && (errno == ENOENT || errno == ENOTDIR || errno == ENODEV);
        if (!done && !(step.optional && absent)) return {index, errno};
        // Also of one that has no place: with the last descriptor of a mount that is nowhere the kernel waits
        // for all processors, and PID 1 would end late.
        if (step.kind == Kind::attach) ::close(slots[step.slot]);
        ++index;
    }
    ::umask(022);
    return {};
}

bool make_readonly_view() noexcept {
    const int own = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (own < 0 || ::unshare(CLONE_NEWNS) != 0) return false;
    if (set_mount_attributes(AT_FDCWD, "/", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0) != 0) return false;
    for (const char* path : {"/tmp", "/dev/shm"})
        if (set_mount_attributes(AT_FDCWD, path, 0, 0, MOUNT_ATTR_RDONLY) != 0) return false;
    const int readonly = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (readonly < 0 || ::dup3(readonly, fd::mount_namespace, O_CLOEXEC) < 0) return false;
    if (::setns(own, CLONE_NEWNS) != 0) return false;
    ::close(own);
    ::close(readonly);
    return true;
}

int make_terminal() noexcept {
    // Neither becomes the terminal of this process, which leads a session.
    const int outer = ::open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int locked = 0;
    if (outer < 0 || ::ioctl(outer, TIOCSPTLCK, &locked) != 0) return -1;
    const int inner = ::ioctl(outer, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (inner < 0 || ::dup3(inner, fd::terminal, O_CLOEXEC) < 0) return -1;
    ::close(inner);
    return outer;
}

Stage become(const ProgramView& program, const policy::ConfinementView& sandbox, bool own_users, int lane,
             bool unheard) noexcept {
    const int standard_output =
        program.separate_standard_output ? fd::standard_output(lane) : fd::output(lane);
    if (!(program.terminal ? place_standard(fd::terminal, fd::terminal, fd::terminal)
                           : place_standard(fd::input, standard_output, fd::output(lane))))
        return Stage::descriptors;
    if (wall_stands(Wall::close_fds) && ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        return Stage::descriptors;
    if ((wall_stands(Wall::setsid) && ::setsid() < 0) || !reset_signals()) return Stage::isolate;
    if (program.terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) return Stage::terminal;
    if (program.readonly_view && wall_stands(Wall::readonly_view) &&
        ::setns(fd::mount_namespace, CLONE_NEWNS) != 0)
        return Stage::mounts;
    // Last, as the view, its terminal and the mount namespaces are the initial user namespace's.
    if (own_users && ::setns(fd::users, CLONE_NEWUSER) != 0) return Stage::users;
    const std::uint64_t bounds = own_users ? policy::every_capability : sandbox.capabilities;
    int listener = -1;
    if (!policy::confine_program(program.confinement, bounds, listener)) return Stage::privileges;
    if (listener >= 0 && !hand_over(listener, lane)) return Stage::privileges;
    ::syscall(SYS_execve, program.path, program.argv, program.environment, 0, 0,
              unheard ? program.confinement.exec_token : 0);
    return Stage::exec;
}

} // namespace disco::sandbox
