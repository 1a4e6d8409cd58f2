#include "runner/border/cell/own_user.hpp"

#include "runner/border/cell/failure.hpp"

#include <cerrno>
#include <csignal>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

constexpr uid_t first = 65520, last = 65531; // 65532 is the "nonroot" of images of containers
constexpr const char* directory = "/run/disco/query-users";

int open_directory() {
    for (const char* each : {"/run/disco", directory})
        if (::mkdir(each, 0700) != 0 && errno != EEXIST) fail("make", each);
    const int fd = ::open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) fail("open", directory);
    return fd;
}

} // namespace

std::size_t tasks_of(uid_t user) {
    DIR* const processes = ::opendir("/proc");
    if (processes == nullptr) fail("list", "/proc");
    std::size_t count = 0;
    while (const struct dirent* entry = ::readdir(processes)) {
        struct stat status = {};
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        // Its owner is that of the process; it has a link for each thread, besides two (fs/proc/base.c).
        const std::string tasks = std::string{entry->d_name} + "/task";
        if (::fstatat(::dirfd(processes), tasks.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            status.st_uid == user)
            count += status.st_nlink > 3 ? status.st_nlink - 2 : 1;
    }
    ::closedir(processes);
    return count;
}

OwnUser::OwnUser() {
    const int place = open_directory();
    for (;;) { // whoever waits is ended by its time-out
        for (uid_t each = first; each <= last; ++each) {
            const std::string name = std::to_string(each);
            const int file = ::openat(place, name.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
            if (file < 0) fail("open", std::string{directory} + "/" + name);
            if (::flock(file, LOCK_EX | LOCK_NB) == 0 && tasks_of(each) == 0) {
                ::close(place);
                id_ = each;
                lock_ = file;
                return;
            }
            ::close(file);
        }
        // Whoever waits can be ended by a signal: these signals are blocked, and waited for here.
        sigset_t ending;
        ::sigemptyset(&ending);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&ending, signal);
        constexpr struct timespec moment = {.tv_sec = 0, .tv_nsec = 20'000'000};
        if (::sigtimedwait(&ending, nullptr, &moment) > 0) ::_exit(timed_out);
    }
}

std::string OwnUser::place() const { return std::string{directory} + "/" + std::to_string(id_); }

OwnUser::~OwnUser() { ::close(lock_); }

void OwnUser::end_processes() const {
    const pid_t killer = ::fork();
    if (killer < 0) fail("start a process to end those of user", std::to_string(id_));
    if (killer == 0) {
        // The real id, too: kill(2) compares that and the effective one. It ends itself last of all.
        if (::setresuid(id_, id_, id_) != 0) ::_exit(cannot);
        ::kill(-1, SIGKILL); // nobody there: ESRCH, and all is well
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(killer, &status, 0) < 0 && errno == EINTR) {}
}

} // namespace disco::border::cell
