#include "runner/border/cell/supervisor.hpp"

#include "runner/border/cell/failure.hpp"
#include "runner/border/cell/own_user.hpp"
#include "runner/border/cell/watched_calls.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>
#include <vector>

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

/// The broker's patience is over before that.
constexpr int most_seconds = 15;

/// As the child ended.
[[noreturn]] void end_like(int status) {
    if (WIFSIGNALED(status)) {
        ::signal(WTERMSIG(status), SIG_DFL);
        sigset_t set;
        ::sigemptyset(&set);
        ::sigprocmask(SIG_SETMASK, &set, nullptr);
        ::raise(WTERMSIG(status));
    }
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : cannot);
}

/// Takes what children have ended; true when `child` is one of them.
bool reap(pid_t child, int& status) {
    for (;;) {
        int each = 0;
        const pid_t reaped = ::waitpid(-1, &each, WNOHANG); // also what the child has left to us
        if (reaped == child) {
            status = each;
            return true;
        }
        if (reaped <= 0) return false;
    }
}

/// False when the child's time is over, by whatever signal says so.
bool wait_for(pid_t child, int signals, WatchedCalls& calls, ReadOnlyDaemon& between, int& status) {
    int left_ms = most_seconds * 1000;
    while (!reap(child, status)) {
        std::vector<pollfd> waits = {{signals, POLLIN, 0}, {calls.fd(), POLLIN, 0}};
        between.add_waits(waits);
        constexpr int step_ms = 1000;
        const int ready = ::poll(waits.data(), waits.size(), step_ms);
        if (ready < 0 && errno != EINTR) return false;
        if (ready == 0) left_ms -= step_ms;
        if (left_ms <= 0) return false;
        if (ready <= 0) continue;
        if ((waits[1].revents & POLLIN) != 0) calls.serve();
        if ((waits[1].revents & (POLLHUP | POLLERR)) != 0 && waits[0].revents == 0) calls.forget();
        between.serve(waits);
        struct signalfd_siginfo signal = {};
        if (waits[0].revents != 0 && ::read(signals, &signal, sizeof signal) == ssize_t{sizeof signal} &&
            signal.ssi_signo != SIGCHLD)
            return false;
    }
    return true;
}

/// False when the child has ended before it gave one.
bool take_listener(pid_t child, Handover& handover, WatchedCalls& calls, int& status) {
    while (handover.offered() < 0) {
        if (reap(child, status)) return false;
        ::usleep(200);
    }
    if (!calls.take_listener(handover.process(), handover.offered()))
        fail("watch the calls of", "a question");
    handover.took();
    return true;
}

} // namespace

struct Handover::Shared {
    std::atomic<int> offered{-1};
    std::atomic<pid_t> process{0};
    std::atomic<bool> taken{false};
};

Handover::Handover() {
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("get", "memory");
    shared_ = new (memory) Shared;
}

void Handover::give(int listener, pid_t process) noexcept {
    shared_->process = process;
    shared_->offered = listener;
    while (!shared_->taken) ::usleep(200);
}

int Handover::offered() const noexcept { return shared_->offered; }

pid_t Handover::process() const noexcept { return shared_->process; }

void Handover::took() noexcept { shared_->taken = true; }

void supervise(const Supervision& supervision,
               const std::function<void(uid_t user, Handover& handover)>& work) {
    sigset_t watched, before;
    ::sigemptyset(&watched);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&watched, signal);
    ::sigprocmask(SIG_BLOCK, &watched, &before);
    const int signals = ::signalfd(-1, &watched, SFD_CLOEXEC);
    if (signals < 0) fail("hear", "signals");
    const pid_t parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (::getppid() != parent) ::_exit(cannot);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const OwnUser user;
    Handover handover;
    const int namespaces = (supervision.how == EndMethod::process_namespace ? CLONE_NEWPID : 0) |
                           (supervision.own_network ? CLONE_NEWNET : 0);
    if (namespaces != 0 && ::unshare(namespaces) != 0) fail("make", "the namespaces of a question");
    const pid_t child = ::fork();
    if (child < 0) fail("start", "a process");
    if (child == 0) {
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        if (supervision.how == EndMethod::process_namespace) leave_first_process();
        work(user.id(), handover);
        ::_exit(cannot);
    }
    int status = 0;
    ReadOnlyDaemon between{user.place() + ".daemon"};
    WatchedCalls calls{supervision.as_user == OwnUser::any ? user.id() : supervision.as_user,
                       supervision.services, supervision.daemons, between, supervision.rights};
    bool ended = supervision.watched && !take_listener(child, handover, calls, status);
    if (!ended) ended = wait_for(child, signals, calls, between, status);
    ::kill(child, SIGKILL); // it may not have become the user yet; and a namespace goes with it
    if (supervision.how == EndMethod::own_user) user.end_processes();
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {}
    between.end();
    if (ended) end_like(status);
    ::_exit(timed_out);
}

void leave_first_process() {
    const pid_t child = ::fork();
    if (child < 0) fail("start", "a process");
    if (child == 0) return;
    for (;;) {
        int status = 0;
        const pid_t reaped = ::waitpid(-1, &status, 0);
        if (reaped < 0 && errno != EINTR) ::_exit(cannot);
        // A signal that this process sends to itself would not end it.
        if (reaped == child) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}

void follow(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    end_like(status);
}

} // namespace disco::border::cell
