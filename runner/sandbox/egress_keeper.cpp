#include "runner/sandbox/egress_keeper.hpp"

#include "runner/sandbox/egress_command.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::sandbox {
namespace {

/// Puts the descriptors into their places, whatever numbers they have now, and closes all others.
bool sort_descriptors(const EgressKeeperView& view) noexcept {
    constexpr int above = 64; // out of the way of the final places
    const int network = ::fcntl(view.network, F_DUPFD, above);
    const int ready = ::fcntl(view.ready, F_DUPFD, above);
    const int words = ::fcntl(view.words, F_DUPFD, above);
    return network >= 0 && ready >= 0 && words >= 0 && ::dup2(network, egress_fd::network) >= 0 &&
           ::dup2(words, egress_fd::output) >= 0 && ::dup2(words, egress_fd::error) >= 0 &&
           ::dup2(ready, view.ready_as) >= 0 &&
           ::syscall(SYS_close_range,
                     view.ready_as < egress_fd::beyond ? egress_fd::beyond : egress_fd::beyond + 1, ~0U,
                     0) == 0;
}

/// Nobody reads what the parent's end of a pipe is closed for.
bool parent_is_gone(int pipe) noexcept {
    struct pollfd look = {pipe, 0, 0};
    return ::poll(&look, 1, 0) > 0 && (look.revents & POLLERR) != 0;
}

} // namespace

void run_egress_keeper(const EgressKeeperView& view) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_DUMPABLE, 0); // it holds the parent's memory
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal)
        ::sigaction(signal, &action, nullptr); // KILL and STOP refuse
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::setsid(); // Ctrl-C is the parent's, which ends this in good order
    if (::chdir("/") != 0 || !sort_descriptors(view) || parent_is_gone(view.ready_as)) ::_exit(127);
    const pid_t program = ::vfork();
    if (program == 0) {
        ::execve(view.path, view.argv, view.environment);
        ::_exit(127);
    }
    ::syscall(SYS_close_range, 0, ~0U, 0); // the network namespace and the pipes are the program's
    for (;;) {
        int status = 0;
        const pid_t reaped = ::waitpid(-1, &status, 0);
        if (reaped < 0 && errno != EINTR) ::_exit(127);
        if (reaped == program) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
    }
}

} // namespace disco::sandbox
