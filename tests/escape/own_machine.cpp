// main() of the tests in this folder. They run as the first process of namespaces of their own, which stand
// for the machine: a process, a host name, a network, a piece of IPC that an attempt reaches is one of these.
// So the snapshots are exact, whatever else the real machine does, and what gets through reaches little that
// is real.

#include "tests/support/private_mounts.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

bool cannot(const char* what) {
    std::fprintf(stderr, "cannot set up %s: %s\n", what, std::strerror(errno));
    return false;
}

/// The processes of this machine get numbers that none of a sandbox's own will have: an attempt that reaches
/// a process by such a number has reached one of these.
bool count_from(const char* number) {
    const int file = ::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    const bool written = file >= 0 && ::write(file, number, std::strlen(number)) > 0;
    if (!written) cannot("/proc/sys/kernel/ns_last_pid");
    ::close(file);
    return written;
}

bool set_up() {
    if (!disco::tests::make_mounts_private()) return cannot("private mounts");
    struct Own {
        const char *type, *place, *options;
    };
    for (const Own& own : {Own{"proc", "/proc", ""}, Own{"devpts", "/dev/pts", "ptmxmode=0666"},
                           Own{"tmpfs", "/dev/shm", "mode=1777"}})
        if (::mount(own.type, own.place, own.type, 0, own.options) != 0) return cannot(own.place);
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) return cannot("the loopback device");
    ::close(socket);
    return count_from("20000");
}

} // namespace

/// For the sanitisers' builds: the search for leaks traces the process that it searches, which cannot be done
/// to PID 1 of a namespace. The programs under test are others, and are searched.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (::geteuid() != 0) return RUN_ALL_TESTS(); // each says that it needs root
    if (::unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) != 0) {
        cannot("the namespaces of the test");
        return 1;
    }
    const pid_t child = ::fork();
    if (child < 0) return 1;
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // and with it all in its pid namespace
        return set_up() ? RUN_ALL_TESTS() : 1;
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
