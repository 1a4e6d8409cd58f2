#include "tests/support/daemon_process.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/unique_fd.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

using namespace std::chrono_literals;

sockaddr_in loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sys::UniqueFd make_socket() {
    return sys::UniqueFd{sys::check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")};
}

} // namespace

DaemonProcess::DaemonProcess(const std::vector<std::string>& argv, const std::string& log) {
    std::vector<char*> words;
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str())); // execv(3) takes char*
    words.push_back(nullptr);
    const sys::UniqueFd output{
        sys::check(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "open", log)};
    const sys::UniqueFd input{sys::check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open", "/dev/null")};
    // Like fork(2): the first process of a pid namespace, with which all others in it end.
    pid_ = sys::check(
        static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0)),
        "start a process in a pid namespace");
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(input.get(), 0);
    ::dup2(output.get(), 1);
    ::dup2(output.get(), 2);
    ::execv(words[0], words.data());
    ::_exit(127);
}

DaemonProcess& DaemonProcess::operator=(DaemonProcess&& other) noexcept {
    if (this != &other) {
        stop();
        pid_ = std::exchange(other.pid_, -1);
    }
    return *this;
}

void DaemonProcess::stop() noexcept {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

bool DaemonProcess::has_ended() noexcept {
    if (pid_ <= 0) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) == 0) return false;
    pid_ = -1;
    return true;
}

int free_port() {
    const sys::UniqueFd socket = make_socket();
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    sys::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind");
    sys::check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "ask for the port");
    return ntohs(address.sin_port);
}

bool answers(int port) {
    const sys::UniqueFd socket = make_socket();
    const sockaddr_in address = loopback(port);
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool wait_until_it_answers(DaemonProcess& process, int port) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline) {
        if (process.has_ended()) return false;
        if (answers(port)) return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

void throw_not_listening(const std::string& program, const std::string& log) {
    throw sys::Error{
        fmt::format("{} does not listen; it says:\n{}", program, sys::read_file_if_exists(log).value_or(""))};
}

} // namespace disco::tests
