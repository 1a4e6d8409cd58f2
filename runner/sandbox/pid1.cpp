#include "policy/walls.hpp"
#include "runner/sandbox/child_setup.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// PID 1 of a sandbox. When it dies, the kernel kills every process of its namespace: that is how the parent
// ends a script that took too long, and what happens when the parent dies (PR_SET_PDEATHSIG).
namespace disco::sandbox {
namespace {

using policy::Wall;
using policy::wall_stands;

void send(const Message& message) noexcept {
    // The parent may be gone; then so are we, soon.
    [[maybe_unused]] const auto ignored = ::send(fd::control, &message, sizeof message, MSG_NOSIGNAL);
}

[[noreturn]] void fail(Stage stage, int error, int step = -1, int lane = -1) noexcept {
    Message message;
    message.kind = Message::Kind::setup_failed;
    message.stage = stage;
    message.error = error;
    message.step = step;
    message.lane = lane;
    send(message);
    ::_exit(127);
}

/// In the place of what is not there: a pipe that nobody writes to. No descriptor of a file of the machine is
/// held, not even of its /dev/null: whoever has one can give the file another mode. -1 with errno.
int open_nothing(int above) noexcept {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
    const int nothing = ::fcntl(ends[0], F_DUPFD, above);
    ::close(ends[0]);
    ::close(ends[1]);
    return nothing;
}

/// Puts the descriptors into their places, whatever numbers they have now, and closes all others.
void sort_descriptors(const LaunchView& launch) noexcept {
    constexpr int above = 64; // out of the way of the final places
    const int control = ::fcntl(launch.control, F_DUPFD, above);
    const int network = launch.network_namespace < 0 ? 0 : ::setns(launch.network_namespace, CLONE_NEWNET);
    const int network_error = errno;
    const int input = launch.input < 0 ? -1 : ::fcntl(launch.input, F_DUPFD, above);
    const int broker = launch.broker < 0 ? -1 : ::fcntl(launch.broker, F_DUPFD, above);
    const int log = ::fcntl(launch.log, F_DUPFD, above);
    const int users = launch.user_namespace < 0 ? -1 : ::fcntl(launch.user_namespace, F_DUPFD, above);
    int output[max_lanes], standard_output[max_lanes];
    for (int lane = 0; lane < launch.lanes; ++lane) {
        output[lane] = ::fcntl(launch.output[lane], F_DUPFD, above);
        standard_output[lane] = ::fcntl(launch.standard_output[lane], F_DUPFD, above);
    }
    if (control < 0 || ::dup2(control, fd::control) < 0) ::_exit(127); // no way to report it
    if (network != 0) fail(Stage::network, network_error);
    const int nothing = open_nothing(above);
    if (nothing < 0) fail(Stage::descriptors, errno);
    bool placed =
        ::dup2(input < 0 ? nothing : input, fd::input) >= 0 && log >= 0 && ::dup2(log, fd::log) >= 0;
    for (int lane = 0; lane < launch.lanes; ++lane)
        placed = placed && ::dup2(output[lane], fd::output(lane)) >= 0 &&
                 ::dup2(standard_output[lane], fd::standard_output(lane)) >= 0;
    if (!placed) fail(Stage::descriptors, errno);
    for (int standard = 0; standard <= 2; ++standard)
        if (::dup2(nothing, standard) < 0) fail(Stage::descriptors, errno);
    const int own = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC); // later there is no host's /proc
    if (own < 0 || ::dup2(own, fd::mount_namespace) < 0) fail(Stage::descriptors, errno);
    if (::dup2(broker < 0 ? nothing : broker, fd::broker) < 0 || ::dup2(nothing, fd::terminal) < 0 ||
        ::dup2(users < 0 ? nothing : users, fd::users) < 0)
        fail(Stage::descriptors, errno);
    if (wall_stands(Wall::close_fds) && ::syscall(SYS_close_range, fd::output(launch.lanes), ~0U, 0) != 0)
        fail(Stage::descriptors, errno);
}

/// Nothing that is mounted here is seen elsewhere. In a chroot '/' may be no mount; then that is said of the
/// namespace's root and all below it, which setns(2) leads to.
bool isolate_mounts() noexcept {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return true;
    if (errno != EINVAL) return false;
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || ::setns(fd::mount_namespace, CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 || ::fchdir(root) != 0 ||
        ::chroot(".") != 0)
        return false;
    return ::close(root) == 0;
}

/// Limits the core dumps of all that is started here, which cannot change this limit
/// (policy/seccomp_program). At 0 nothing is dumped either, but a handler of the machine (core_pattern with
/// '|') is still called: only at 1 the kernel does without it. A hard limit of 0 stays where it may not be
/// raised (a container without CAP_SYS_RESOURCE): such a handler then hears of a program that crashes here.
/// Nothing else that outlasts execve(2) would prevent it.
bool limit_core() noexcept {
    const struct rlimit no_core = {1, 1};
    if (::setrlimit(RLIMIT_CORE, &no_core) == 0) return true;
    const int error = errno;
    struct rlimit limit = {};
    const bool none = error == EPERM && ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
    errno = error;
    return none;
}

/// The parent looks into it when programs have ended.
void hand_over_memory(const char* place) noexcept {
    const int own = ::open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Message message;
    message.kind = Message::Kind::memory;
    if (own < 0 || !send_with(message, own)) fail(Stage::ahead, errno);
    ::close(own);
}

void bring_up_loopback() noexcept {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0 && errno == EAFNOSUPPORT) return; // a kernel without IPv4 has nothing to bring up
    if (socket < 0) fail(Stage::network, errno);
    struct ifreq request = {};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    // EPERM: a container without CAP_NET_ADMIN, as nspawn's is. It does without; the parent has said so.
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0 && errno != EPERM) fail(Stage::network, errno);
    ::close(socket);
}

/// Scripts can read PID 1's command line. It must not show them where the server and the state are.
void hide_command_line(const LaunchView& launch) noexcept {
    constexpr char shown[] = "disco: sandbox";
    if (launch.command_line == nullptr || launch.command_line_size < sizeof shown) return;
    std::memset(launch.command_line, 0, launch.command_line_size); // this process's copy
    std::memcpy(launch.command_line, shown, sizeof shown);
}

/// Outside a pid namespace of its own, "all others" would be all processes of the machine.
bool is_init() noexcept { return ::getpid() == 1; }

bool others_remain() noexcept { return is_init() && ::kill(-1, 0) == 0; }

/// vfork(2): the child works in this process's memory until it has become the program, which saves copying
/// page tables that are thrown away at once; `become` changes no memory but the stack and errno.
[[gnu::noinline]] pid_t start(const LaunchView& launch, int index, int lane, bool unheard) noexcept {
    const pid_t child = ::vfork();
    if (child != 0) return child;
    const Stage stage =
        become(launch.programs[index], launch.confinement, launch.user_namespace >= 0, lane, unheard);
    fail(stage, errno, -1, lane); // the control socket is close-on-exec, but exec did not happen
}

/// Runs programs to their ends, each in a lane, reaping orphans on the way.
void run(const LaunchView& launch, int first, int count, std::uint32_t unheard) noexcept {
    pid_t children[max_lanes] = {};
    for (int lane = 0; lane < count; ++lane) {
        children[lane] = start(launch, first + lane, lane, (unheard >> lane & 1) != 0);
        if (children[lane] < 0) fail(Stage::program, errno);
    }
    for (int running = count; running > 0;) {
        Message message;
        message.kind = Message::Kind::ended;
        const pid_t reaped = ::wait4(-1, &message.status, 0, &message.usage);
        if (reaped < 0 && errno != EINTR) fail(Stage::program, errno);
        for (int lane = 0; lane < count; ++lane)
            if (reaped > 0 && children[lane] == reaped) message.lane = lane;
        if (message.lane < 0) continue;
        children[message.lane] = 0;
        if (--running == 0) {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {} // orphans that ended meanwhile are nobody's news
            message.last = 1;
            message.others = others_remain() ? 1 : 0;
        }
        send(message);
    }
}

/// What programs read that are given nothing: the view's own /dev/null.
void open_null() noexcept {
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || ::dup3(null, fd::input, O_CLOEXEC) < 0) fail(Stage::descriptors, errno);
    ::close(null);
}

void make_or_fail(const MountPlan& plan, int (&slots)[max_slots], Stage stage) noexcept {
    const MountFailure failure = make_mounts(plan, slots);
    if (failure.step >= 0) fail(stage, failure.error, failure.step);
}

/// Builds the view on the layers, and says `ready`.
void enter(const LaunchView& launch, std::int32_t index, int (&slots)[max_slots]) noexcept {
    if (index < 0 || static_cast<std::size_t>(index) >= launch.mounts->enter.size())
        fail(Stage::mounts, EINVAL);
    if (::chdir(launch.layers_directory) != 0) fail(Stage::mounts, errno);
    make_or_fail(launch.mounts->enter[static_cast<std::size_t>(index)], slots, Stage::mounts);
    if (launch.input < 0) open_null();
    bool any_readonly = false, any_terminal = false;
    for (int program = 0; program < launch.program_count; ++program) {
        any_readonly = any_readonly || launch.programs[program].readonly_view;
        any_terminal = any_terminal || launch.programs[program].terminal;
    }
    // Before the root is handed over: this process is in the read-only namespace for a moment.
    if (any_readonly && !make_readonly_view()) fail(Stage::mounts, errno);
    if (!policy::confine_to_root()) fail(Stage::privileges, errno);
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    Message rooted;
    rooted.kind = Message::Kind::root;
    if (root < 0 || !send_with(rooted, root)) fail(Stage::mounts, errno);
    ::close(root);
    // This side stays open here: while nobody is on the terminal it is quiet, not broken.
    const int terminal = any_terminal ? make_terminal() : -1;
    if (any_terminal && terminal < 0) fail(Stage::terminal, errno);
    if (!send_with(Message{}, terminal)) fail(Stage::terminal, errno);
    if (terminal >= 0) ::close(terminal);
}

void kill_others() noexcept {
    if (is_init()) ::kill(-1, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {}
    Message message;
    message.kind = Message::Kind::others_killed;
    send(message);
}

} // namespace

void run_pid1(const LaunchView& launch) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_DUMPABLE, 0); // /proc/1 holds the parent's memory; nobody inside may look
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal)
        ::sigaction(signal, &action, nullptr); // KILL and STOP refuse
    action.sa_handler = SIG_IGN;
    for (const int signal : ignored_by_pid1) ::sigaction(signal, &action, nullptr);
    if (wall_stands(Wall::hidden_command_line)) hide_command_line(launch);
    sort_descriptors(launch);
    if (wall_stands(Wall::setsid)) ::setsid();
    // An anonymous keyring: the caller's session keyring is not the scripts' to read. ENOSYS: a kernel
    // without keys. EPERM, which the call itself never gives: a container's seccomp profile refuses it, as
    // nspawn's and Docker's do, and goes on to refuse it to everything in here, which needs it to read a key.
    if (wall_stands(Wall::keyring) && ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 &&
        errno != ENOSYS && errno != EPERM)
        fail(Stage::isolate, errno);
    if (!limit_core()) fail(Stage::isolate, errno);
    if (launch.bring_up_loopback) bring_up_loopback();
    int slots[max_slots];
    if (!isolate_mounts()) fail(Stage::isolate, errno);
    make_or_fail(launch.mounts->ahead, slots, Stage::ahead);
    if (launch.memory != nullptr) hand_over_memory(launch.memory);
    ::close(fd::broker); // it has its name, and the parent accepts
    ::close(fd::log);
    if (!policy::confine_sandbox(launch.confinement)) fail(Stage::privileges, errno);

    // A parent that died before PR_SET_PDEATHSIG has closed its end: the first read says so.
    for (;;) {
        Command command;
        const ssize_t got = TEMP_FAILURE_RETRY(::recv(fd::control, &command, sizeof command, 0));
        if (got != ssize_t{sizeof command}) ::_exit(got == 0 ? 0 : 127);
        switch (command.order) {
        case Order::enter: enter(launch, command.index, slots); break;
        case Order::run:
            if (command.index < 0 || command.count < 1 || command.count > launch.lanes ||
                command.index > launch.program_count - command.count)
                fail(Stage::program, EINVAL);
            run(launch, command.index, command.count, command.unheard);
            break;
        case Order::kill_others: kill_others(); break;
        }
    }
}

} // namespace disco::sandbox
