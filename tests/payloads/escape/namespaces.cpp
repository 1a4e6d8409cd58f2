// C: other namespaces: made, joined, or still the machine's.

#include "tests/payloads/escape/attempt.hpp"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace escape {
namespace {

Verdict is_not_the_machines(const char* kind) {
    std::array<char, 64> target{};
    const std::string link = std::string{"/proc/self/ns/"} + kind;
    if (::readlink(link.c_str(), target.data(), target.size() - 1) < 0) return held_by_errno();
    return setting(std::string{"ns_"} + kind) == target.data() ? got_through("it is the machine's")
                                                               : held("it is the sandbox's own");
}
Verdict own_mnt() { return is_not_the_machines("mnt"); }
Verdict own_pid() { return is_not_the_machines("pid"); }
Verdict own_net() { return is_not_the_machines("net"); }
Verdict own_ipc() { return is_not_the_machines("ipc"); }
Verdict own_uts() { return is_not_the_machines("uts"); }
Verdict own_cgroup() { return is_not_the_machines("cgroup"); }

Verdict unshare(int flags) { return by_result(::unshare(flags)); }
Verdict unshare_mnt() { return unshare(CLONE_NEWNS); }
Verdict unshare_pid() { return unshare(CLONE_NEWPID); }
Verdict unshare_net() { return unshare(CLONE_NEWNET); }
Verdict unshare_cgroup() { return unshare(CLONE_NEWCGROUP); }
Verdict unshare_user() { return unshare(CLONE_NEWUSER); }
constexpr int new_time = 0x80; // CLONE_NEWTIME
Verdict unshare_time() { return unshare(new_time); }

/// A user namespace gives every capability in it, mounts among them.
Verdict unshare_user_then_mount() {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return held_by_errno();
    return by_result(::mount("tmpfs", scratch, "tmpfs", 0, ""));
}

Verdict clone_with(unsigned long flags) {
    const long child = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0);
    if (child == 0) ::_exit(0);
    if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    return by_result(child);
}
Verdict clone_user() { return clone_with(CLONE_NEWUSER); }
Verdict clone_mnt() { return clone_with(CLONE_NEWNS); }

Verdict clone3_with(unsigned long flags) {
    struct clone_args arguments = {};
    arguments.flags = flags;
    arguments.exit_signal = SIGCHLD;
    const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) ::_exit(0);
    if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    return child < 0 ? held_by_errno() : got_through("the call succeeded");
}
Verdict clone3_user() { return clone3_with(CLONE_NEWUSER); }
Verdict clone3_mnt() { return clone3_with(CLONE_NEWNS); }
/// Its flags lie in memory, where no filter can look.
Verdict clone3_at_all() { return clone3_with(0); }

Verdict setns_to(const std::string& link, int flags) {
    const int fd = ::open(link.c_str(), O_RDONLY | O_CLOEXEC);
    return fd < 0 ? held_by_errno() : by_result(::setns(fd, flags));
}
Verdict setns_init_mnt() { return setns_to("/proc/1/ns/mnt", CLONE_NEWNS); }
Verdict setns_init_net() { return setns_to("/proc/1/ns/net", CLONE_NEWNET); }
Verdict setns_own_mnt() { return setns_to("/proc/self/ns/mnt", CLONE_NEWNS); }
Verdict setns_own_uts() { return setns_to("/proc/self/ns/uts", CLONE_NEWUTS); }

int pidfd_of(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }
Verdict setns_by_pidfd() {
    const int fd = pidfd_of(1);
    return fd < 0 ? held_by_errno() : by_result(::setns(fd, CLONE_NEWNS | CLONE_NEWNET));
}
/// The control socket of PID 1.
Verdict pidfd_getfd_of_init() {
    const int fd = pidfd_of(1);
    return fd < 0 ? held_by_errno() : by_result(::syscall(SYS_pidfd_getfd, fd, 4, 0));
}
Verdict pidfd_getfd_of_self() {
    const int fd = pidfd_of(::getpid());
    return fd < 0 ? held_by_errno() : by_result(::syscall(SYS_pidfd_getfd, fd, 0, 0));
}
Verdict pidfd_of_canary() { return by_result(pidfd_of(static_cast<pid_t>(number_setting("canary_pid")))); }

} // namespace

Attempts namespace_attempts() {
    return {{"own_mnt", own_mnt},
            {"own_pid", own_pid},
            {"own_net", own_net},
            {"own_ipc", own_ipc},
            {"own_uts", own_uts},
            {"own_cgroup", own_cgroup},
            {"unshare_mnt", unshare_mnt},
            {"unshare_pid", unshare_pid},
            {"unshare_net", unshare_net},
            {"unshare_cgroup", unshare_cgroup},
            {"unshare_user", unshare_user},
            {"unshare_time", unshare_time},
            {"unshare_user_then_mount", unshare_user_then_mount},
            {"clone_user", clone_user},
            {"clone_mnt", clone_mnt},
            {"clone3_user", clone3_user},
            {"clone3_mnt", clone3_mnt},
            {"clone3_at_all", clone3_at_all},
            {"setns_init_mnt", setns_init_mnt},
            {"setns_init_net", setns_init_net},
            {"setns_own_mnt", setns_own_mnt},
            {"setns_own_uts", setns_own_uts},
            {"setns_by_pidfd", setns_by_pidfd},
            {"pidfd_getfd_of_init", pidfd_getfd_of_init},
            {"pidfd_getfd_of_self", pidfd_getfd_of_self},
            {"pidfd_of_canary", pidfd_of_canary}};
}

} // namespace escape
