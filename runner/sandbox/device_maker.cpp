#include "runner/sandbox/device_maker.hpp"

#include "policy/confine_process.hpp"
#include "runner/sandbox/clone_process.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/notified_call.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

/// The arguments, as the kernel takes them: of each register an int.
struct WantedDevice {
    int directory = AT_FDCWD;
    std::uint64_t path = 0; ///< address in the caller
    mode_t mode = 0;
    unsigned device = 0;
};

WantedDevice wanted_by(std::string_view name, const seccomp_data& data) {
    const __u64* argument = data.args;
    WantedDevice wanted;
    if (name == "mknodat") wanted.directory = static_cast<int>(*argument++);
    wanted.path = *argument++;
    wanted.mode = static_cast<mode_t>(*argument++);
    wanted.device = static_cast<unsigned>(*argument);
    return wanted;
}

/// Who acts, by /proc/PID/status: for files that is the fourth id of each kind (credentials(7)).
struct Actor {
    mode_t umask = 0;
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;
    std::uint64_t capabilities = 0; ///< effective
};

/// None when it is gone: while it is opened, or while it is read.
std::optional<std::string> status_of(pid_t thread) {
    try {
        return sys::read_file_if_exists(fmt::format("/proc/{}/status", thread));
    } catch (const sys::SysError& error) {
        if (error.code() != ESRCH) throw;
        return std::nullopt;
    }
}

std::optional<Actor> actor_of(pid_t thread) {
    const auto status = status_of(thread);
    if (!status) return std::nullopt;
    std::map<std::string_view, std::vector<std::string_view>> fields;
    for (std::string_view line : sys::lines_of(*status)) {
        const std::string_view key = sys::take_word(line);
        fields[key] = sys::words_of(line);
    }
    const auto field = [&](std::string_view key, std::size_t at) {
        const std::vector<std::string_view>& words = fields[key];
        return at < words.size() ? words[at] : std::string_view{};
    };
    const auto umask = sys::octal_in<mode_t>(field("Umask:", 0), 0777);
    const auto user = sys::number_in<uid_t>(field("Uid:", 3));
    const auto group = sys::number_in<gid_t>(field("Gid:", 3));
    constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
    const auto capabilities = sys::number_in<std::uint64_t>(field("CapEff:", 0), 0, all, 16);
    if (!umask || !user || !group || !capabilities) return std::nullopt; // nobody else acts in its place
    Actor actor{*umask, *user, *group, {}, *capabilities};
    for (const std::string_view word : fields["Groups:"]) {
        const auto other = sys::number_in<gid_t>(word);
        if (!other) return std::nullopt;
        actor.groups.push_back(*other);
    }
    return actor;
}

/// Plain memory, for the process that makes the device.
struct Order {
    int sandbox_root, root, start; ///< O_PATH; `start`: where relative paths begin
    const char* path;
    mode_t mode;
    unsigned device;
    const Actor* actor;
    pid_t parent;
};

/// Not glibc's setgroups and the like, which change all threads that it knows of.
bool act_as(const Actor& actor) noexcept {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct own[2] = {};
    if (::syscall(SYS_setgroups, actor.groups.size(), actor.groups.data()) != 0) return false;
    ::syscall(SYS_setfsgid, actor.group);
    ::syscall(SYS_setfsuid, actor.user);
    if (::syscall(SYS_capget, &header, own) != 0) return false;
    for (unsigned half = 0; half < 2; ++half) {
        own[half].permitted &= static_cast<__u32>(actor.capabilities >> (32 * half));
        own[half].effective = own[half].permitted;
        own[half].inheritable = 0;
    }
    return ::syscall(SYS_capset, &header, own) == 0;
}

int work_in(int directory) noexcept { return ::fchdir(directory); }
int take_root(int directory) noexcept { return work_in(directory) != 0 ? -1 : ::chroot("."); }

/// After the last change of credentials, which takes it back (prctl(2)).
bool die_with(pid_t parent) noexcept {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
    if (::getppid() != parent) ::_exit(0); // it has died before
    return true;
}

/// Ends with 0, or the errno that the caller gets. Between fork and exec, as it were: no allocation.
[[noreturn]] void make(const Order& order) noexcept {
    const bool made = take_root(order.sandbox_root) == 0 && policy::confine_to_root() &&
                      take_root(order.root) == 0 && work_in(order.start) == 0 && act_as(*order.actor) &&
                      die_with(order.parent);
    ::umask(order.actor->umask);
    const bool done = made && ::syscall(SYS_mknodat, AT_FDCWD, order.path, order.mode, order.device) == 0;
    ::_exit(done ? 0 : errno);
}

/// 0 or an errno. What is looked up may lie where nobody answers (FUSE, NFS): when `stopped` can be read the
/// process is ended.
int make_in_process(const Order& order, int stopped) {
    int pidfd = -1;
    const pid_t child = clone_process(0, pidfd);
    if (child < 0) return errno;
    if (child == 0) make(order);
    const sys::UniqueFd held{pidfd};
    std::array<pollfd, 2> waits = {{{pidfd, POLLIN, 0}, {stopped, POLLIN, 0}}};
    while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {}
    if (waits[0].revents == 0) ::kill(child, SIGKILL); // not yet reaped: the number is its own
    int status = 0;
    pid_t reaped = -1;
    do reaped = ::waitpid(child, &status, 0);
    while (reaped < 0 && errno == EINTR);
    if (reaped < 0) return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

sys::UniqueFd open_of(pid_t thread, const std::string& name) {
    return sys::UniqueFd{::open(fmt::format("/proc/{}/{}", thread, name).c_str(), O_PATH | O_CLOEXEC)};
}

} // namespace

std::optional<int> make_device(std::string_view name, int root, int stopped, int listener,
                               const seccomp_notif& request) {
    const auto thread = static_cast<pid_t>(request.pid);
    const WantedDevice wanted = wanted_by(name, request.data);
    const bool whiteout = S_ISCHR(wanted.mode) && wanted.device == 0;
    if (whiteout || (!S_ISCHR(wanted.mode) && !S_ISBLK(wanted.mode)))
        return std::nullopt; // no right is needed
    std::array<char, PATH_MAX> path = {};
    const std::size_t got = sys::read_memory(thread, wanted.path, path.data(), path.size());
    // If there is something wrong with it the kernel says so.
    if (got == 0 || path[0] == '\0' || std::memchr(path.data(), '\0', got) == nullptr) return std::nullopt;
    const bool absolute = path[0] == '/';
    const sys::UniqueFd callers_root = open_of(thread, "root");
    const sys::UniqueFd start = absolute || wanted.directory == AT_FDCWD
                                    ? open_of(thread, "cwd")
                                    : open_of(thread, fmt::format("fd/{}", wanted.directory));
    const auto actor = actor_of(thread);
    // Only now is it sure that all this was the caller's: its number may be another thread's by now.
    if (!sys::is_waiting(listener, request.id)) return EINTR; // nobody gets it
    if (!start && !absolute && wanted.directory != AT_FDCWD) return EBADF;
    if (!callers_root || !start || !actor) return EPERM;
    return make_in_process(
        {root, callers_root.get(), start.get(), path.data(), wanted.mode, wanted.device, &*actor, ::getpid()},
        stopped);
}

} // namespace disco::sandbox
