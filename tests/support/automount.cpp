#include "tests/support/automount.hpp"

#include "runner/sys/error.hpp"

#include <csignal>
#include <string>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {

Automount::Automount(std::filesystem::path point) : point_{std::move(point)} {
    std::filesystem::create_directory(point_);
    sys::check(::pipe2(asked_.data(), O_CLOEXEC | O_NONBLOCK), "make a pipe");
    daemon_ = sys::check(::fork(), "fork");
    if (daemon_ == 0) serve(); // the kernel asks nothing of the daemon's own process group
    int status = 0;
    sys::check(::waitpid(daemon_, &status, WUNTRACED), "wait for", point_);
    if (!WIFSTOPPED(status)) throw sys::Error{"nothing can be mounted automatically here"};
}

Automount::~Automount() {
    ::kill(daemon_, SIGKILL);
    ::waitpid(daemon_, nullptr, 0);
    ::umount2(point_.c_str(), MNT_DETACH);
    for (const int end : asked_) ::close(end);
}

bool Automount::woken() const {
    struct pollfd wait = {asked_[0], POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
}

void Automount::serve() {
    const std::string there = point_ / "there",
                      options =
                          fmt::format("fd={},pgrp={},minproto=5,maxproto=5,indirect", asked_[1], ::getpid());
    const bool done =
        ::setpgid(0, 0) == 0 && ::mount("auto", point_.c_str(), "autofs", 0, options.c_str()) == 0 &&
        ::mkdir(there.c_str(), 0755) == 0 && ::mount("tmpfs", there.c_str(), "tmpfs", 0, nullptr) == 0;
    if (done) ::raise(SIGSTOP); // it answers nobody
    ::_exit(1);
}

} // namespace disco::tests
