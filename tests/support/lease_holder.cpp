#include "tests/support/lease_holder.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"

#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::tests {
namespace {

[[noreturn]] void hold(const char* file, int milliseconds, int ready) {
    sigset_t asked;
    ::sigemptyset(&asked);
    ::sigaddset(&asked, SIGIO);
    ::sigprocmask(SIG_BLOCK, &asked, nullptr);
    const int fd = ::open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0 || ::fcntl(fd, F_SETLEASE, F_WRLCK) != 0 || ::write(ready, "x", 1) != 1) ::_exit(1);
    siginfo_t info;
    ::sigwaitinfo(&asked, &info);
    ::poll(nullptr, 0, milliseconds);
    ::_exit(0);
}

} // namespace

LeaseHolder::LeaseHolder(const std::filesystem::path& file, std::chrono::milliseconds keeps) {
    int ends[2] = {};
    sys::check(::pipe2(ends, O_CLOEXEC), "make a pipe");
    const sys::UniqueFd from{ends[0]};
    sys::UniqueFd to{ends[1]};
    child_ = sys::check(::fork(), "fork");
    if (child_ == 0) hold(file.c_str(), static_cast<int>(keeps.count()), to.get());
    to.reset();
    char byte = 0;
    if (::read(from.get(), &byte, 1) == 1) return;
    ::waitpid(child_, nullptr, 0);
    throw sys::Error{"no lease on '" + file.string() + "'"};
}

LeaseHolder::~LeaseHolder() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
}

} // namespace disco::tests
