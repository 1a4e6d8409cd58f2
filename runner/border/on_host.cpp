// disco-on-host query|action ROOT COMMAND…: becomes a command of the live root, outside of any sandbox.
//
// A query can write nothing. On a root other than '/' there is no running
// system that could be asked or told, and what its programs do must not reach this one: they get namespaces
// of their own and none of the capabilities that act on the whole machine.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int cannot = 125; // as env(1) and chroot(1)

[[noreturn]] void fail(const char* attempt, const char* on) {
    std::fprintf(stderr, "disco: cannot %s '%s': %s\n", attempt, on, std::strerror(errno));
    std::exit(cannot);
}

/// Of the bounding set: what the command gets by exec.
void keep_capabilities(std::initializer_list<unsigned long> kept) {
    for (unsigned long capability = 0; capability <= CAP_LAST_CAP; ++capability) {
        bool keep = false;
        for (const unsigned long one : kept) keep = keep || one == capability;
        if (!keep && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL)
            fail("give up a capability", "bounding set");
    }
}

/// Landlock, where the kernel has it: nothing but devices can be written, and the mounts still look as they
/// are. Else a mount namespace in which everything is read-only.
void make_everything_readonly() {
    constexpr __u64 devices = LANDLOCK_ACCESS_FS_WRITE_FILE;
    constexpr __u64 writes = devices | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM;
    struct landlock_ruleset_attr handled = {};
    handled.handled_access_fs = writes;
    const int ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
    if (ruleset < 0) {
        if (::unshare(CLONE_NEWNS) != 0) fail("make a mount namespace for", "/");
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("isolate", "/");
        struct mount_attr attributes = {};
        attributes.attr_set = MOUNT_ATTR_RDONLY;
        if (::syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) != 0)
            fail("make read-only", "/");
        return;
    }
    struct landlock_path_beneath_attr rule = {};
    rule.allowed_access = devices;
    rule.parent_fd = ::open("/dev", O_PATH | O_CLOEXEC);
    if (rule.parent_fd >= 0 &&
        ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        fail("make writable", "/dev");
    if (::syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) fail("make read-only", "/");
}

/// What a query needs to look at what only root may see; asking for more is no query.
void drop_capabilities_beyond_looking() {
    keep_capabilities({CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_SYS_PTRACE});
}

/// What is left to programs of another root: to work on its files.
void drop_capabilities_over_the_machine() {
    keep_capabilities({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID,
                       CAP_SETFCAP, CAP_NET_BIND_SERVICE});
}

/// Waits for a child that is PID 1 of its namespace, and ends as it did.
[[noreturn]] void follow(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status)) {
        ::signal(WTERMSIG(status), SIG_DFL);
        ::raise(WTERMSIG(status));
    }
    std::exit(WIFEXITED(status) ? WEXITSTATUS(status) : cannot);
}

void enter_other_root(const char* root) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) != 0)
        fail("make namespaces for", root);
    const pid_t child = ::fork();
    if (child < 0) fail("start a process for", root);
    if (child > 0) follow(child);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("isolate", "/");
    if (::chdir(root) != 0 || ::chroot(".") != 0) fail("enter", root);
    // Of this process namespace alone, and only where the tree has a place for it.
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr) != 0 &&
        errno != ENOENT)
        fail("mount", "/proc");
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fputs("usage: disco-on-host query|action ROOT COMMAND…\n", stderr);
        return cannot;
    }
    const bool query = std::strcmp(argv[1], "query") == 0;
    const char* root = argv[2];
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setsid();
    const bool other = std::strcmp(root, "/") != 0;
    if (other) enter_other_root(root);
    if (query) make_everything_readonly();
    if (other) drop_capabilities_over_the_machine();
    if (query && !other) drop_capabilities_beyond_looking();
    if (::chdir("/") != 0) fail("enter", "/");
    ::execvp(argv[3], argv + 3);
    const int code = errno;
    std::fprintf(stderr, "disco: cannot run '%s': %s\n", argv[3], std::strerror(code));
    return code == ENOENT ? 127 : 126;
}
