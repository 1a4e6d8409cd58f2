#include "runner/sandbox/shared_namespaces.hpp"

#include "policy/walls.hpp"
#include "runner/sandbox/container_hint.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

using policy::Wall;
using policy::wall_stands;

/// What the two processes below run on; they use little of it. One call at a time.
struct Stacks {
    alignas(16) std::array<std::byte, 16384> helper, keeper;
};

/// Namespaces are held by a process that does nothing, in this one's memory (a copy would take longer than
/// everything else here), until they are opened.
struct Keeper {
    int flags = 0;
    void* stack = nullptr;
    std::intptr_t parent = ::getpid();
    pid_t process = -1;
    int error = 0; ///< of clone(2)
};

/// It holds all descriptors of the parent, the lock of the state with them: it must not outlive it.
int keep(void* parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != reinterpret_cast<std::intptr_t>(parent))
        return 0;
    for (;;) ::syscall(SYS_pause);
}

void start_keeper(Keeper& keeper, int further_flags) noexcept {
    keeper.process = ::clone(keep, keeper.stack, keeper.flags | further_flags | CLONE_VM | SIGCHLD,
                             reinterpret_cast<void*>(keeper.parent)); // the number itself: it stays
    keeper.error = keeper.process < 0 ? errno : 0;
}

/// A process in a chroot may make no user namespace. setns(2) into the own mount namespace leads out.
int start_keeper_outside(void* argument) {
    Keeper& keeper = *static_cast<Keeper*>(argument);
    const int own = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (own >= 0 && ::setns(own, CLONE_NEWNS) == 0) start_keeper(keeper, CLONE_PARENT);
    return 0; // clone(2) ends it; an _exit here is, to the sanitiser, on a stack that it does not know
}

/// It shares the memory that this process's handlers of signals work in.
class WithoutSignals {
public:
    WithoutSignals() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, &before_);
    }
    WithoutSignals(const WithoutSignals&) = delete;
    WithoutSignals& operator=(const WithoutSignals&) = delete;
    ~WithoutSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

/// Without CLONE_FILES and CLONE_FS: what it opens, and where it is, is its own.
Keeper make_keeper(int flags) {
    static Stacks stacks;
    const WithoutSignals without_signals; // also in the keeper
    Keeper keeper;
    keeper.flags = flags;
    keeper.stack = stacks.keeper.data() + stacks.keeper.size();
    start_keeper(keeper, 0);
    if (keeper.error != EPERM) return keeper;
    const pid_t helper = sys::check(::clone(start_keeper_outside, stacks.helper.data() + stacks.helper.size(),
                                            CLONE_VM | CLONE_VFORK | SIGCHLD, &keeper),
                                    "start a process");
    while (::waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {}
    return keeper;
}

/// Ends the process, which is this one's child.
class KeeperEnd {
public:
    explicit KeeperEnd(pid_t process) noexcept : process_{process} {}
    KeeperEnd(const KeeperEnd&) = delete;
    KeeperEnd& operator=(const KeeperEnd&) = delete;
    ~KeeperEnd() {
        ::kill(process_, SIGKILL);
        while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {}
    }

private:
    pid_t process_;
};

/// user_namespaces(7): the ids that this process has itself, in a container not all of them, under the same
/// numbers.
std::string identity(const std::string& own_map) {
    std::istringstream extents{own_map};
    std::string map;
    for (unsigned long id = 0, outside = 0, count = 0; extents >> id >> outside >> count;)
        map += fmt::format("{} {} {}\n", id, id, count);
    return map;
}

void map_users(pid_t process) {
    for (const char* name : {"uid_map", "gid_map"}) {
        const std::string path = fmt::format("/proc/{}/{}", process, name);
        const std::string map = identity(sys::read_file(fmt::format("/proc/self/{}", name)));
        const sys::UniqueFd file{sys::check(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open", path)};
        sys::write_all(file.get(), map, path); // in one piece, or the kernel refuses it
    }
}

sys::UniqueFd open_namespace(pid_t process, const char* kind) {
    const std::string path = fmt::format("/proc/{}/ns/{}", process, kind);
    return sys::UniqueFd{sys::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path)};
}

int network_flag() { return wall_stands(Wall::net) ? CLONE_NEWNET : 0; }

std::string why_none(int error) {
    return fmt::format("{}{}", sys::errno_text(error),
                       error == ENOSPC ? " (see /proc/sys/user/max_user_namespaces)" : "");
}

/// Leaves `without_users` when there is none to be had.
SharedNamespaces make_with_users() {
    SharedNamespaces made;
    const Keeper keeper = make_keeper(CLONE_NEWUSER | network_flag());
    if (keeper.process < 0) {
        made.without_users = why_none(keeper.error);
        return made;
    }
    const KeeperEnd end{keeper.process};
    try {
        map_users(keeper.process);
        made.users = open_namespace(keeper.process, "user");
        made.network = open_namespace(keeper.process, "net");
    } catch (const sys::SysError& error) {
        return {{}, {}, error.full_text()};
    }
    return made;
}

} // namespace

SharedNamespaces make_shared_namespaces() {
    SharedNamespaces made;
    if (wall_stands(Wall::users)) made = make_with_users();
    if (made.users || network_flag() == 0) return made;
    const Keeper keeper = make_keeper(network_flag());
    if (keeper.process < 0)
        throw sys::Error{fmt::format("cannot make the network of the sandboxes: {}{}",
                                     sys::errno_text(keeper.error), container_hint(keeper.error))};
    const KeeperEnd end{keeper.process};
    made.network = open_namespace(keeper.process, "net");
    return made;
}

} // namespace disco::sandbox
