#include "tests/escape/outsider.hpp"

#include "policy/shim_protocol.hpp"
#include "runner/model/view_layout.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/unique_fd.hpp"
#include "tests/payloads/send_with_descriptor.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
namespace shim = policy::shim;

constexpr uid_t somebody = 33;

std::string request(const std::string& wish) {
    const std::string words = wish == "ask"     ? std::string{"ip\0addr\0", 8}
                              : wish == "order" ? std::string{"systemctl\0restart\0escape\0", 25}
                                                : std::string{"id\0", 3};
    shim::Request heading;
    heading.wish = wish == "ask" || wish == "order" ? shim::Wish::guarded : shim::Wish::defer;
    heading.words = wish == "ask" ? 2 : wish == "order" ? 3 : 1;
    heading.word_bytes = static_cast<std::uint32_t>(words.size());
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    return bytes + words;
}

/// Sends the writing end of a pipe with less than a request, and sees whether somebody holds it.
std::string send_descriptor(int socket, std::string bytes) {
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return "held: no pipe";
    bytes.pop_back();
    const bool sent = send_with_descriptor(socket, bytes, ends[1]) > 0;
    ::close(ends[1]);
    struct pollfd wait = {ends[0], POLLIN, 0};
    const bool is_held = sent && ::poll(&wait, 1, 1000) == 0;
    ::close(ends[0]);
    return is_held ? "through: the descriptor is held" : "held: it is dropped";
}

int connect_to(int type, const std::string& path) {
    const int socket = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    ::close(socket);
    return -1;
}

std::string speak_to_broker(const std::string& root, const std::string& wish) {
    const int socket = connect_to(SOCK_STREAM, root + disco::model::view_layout::broker_socket);
    if (socket < 0) return std::string{"held: "} + std::strerror(errno);
    std::string verdict = "held: hung up on";
    if (wish == "descriptor") {
        verdict = send_descriptor(socket, request(wish));
    } else {
        const std::string bytes = request(wish);
        shim::Reply reply;
        const bool answered = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0 &&
                              ::recv(socket, &reply, sizeof reply, MSG_WAITALL) == ssize_t{sizeof reply};
        if (answered) verdict = wish == "ask" || reply.exit == 0 ? "through: done" : "held: refused";
    }
    ::close(socket);
    return verdict;
}

void hand_over(const std::string& root, int type, int directory) {
    const int socket = connect_to(type, root + "/tmp/escape/socket");
    (void)send_with_descriptor(socket, "x", directory);
    ::close(socket);
}

/// Every descriptor of the process's is taken; what is no socket takes none.
void hand_over_by_its_own(pid_t process, int directory) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
    for (int fd = 0; fd < 64; ++fd) {
        const int taken = static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, fd, 0));
        if (taken < 0) continue;
        (void)send_with_descriptor(taken, "x", directory);
        ::close(taken);
    }
    ::close(pidfd);
}

/// For long enough to be seen.
void trace(pid_t process) {
    if (::ptrace(PTRACE_ATTACH, process, nullptr, nullptr) != 0) return;
    ::waitpid(process, nullptr, __WALL);
    ::usleep(500'000);
    // Killed meanwhile, it waits for its tracer to see that.
    if (::ptrace(PTRACE_DETACH, process, nullptr, nullptr) != 0) ::waitpid(process, nullptr, __WALL);
}

void grant(pid_t process, const std::string& wish, int directory) {
    const std::string root = "/proc/" + std::to_string(process) + "/root";
    if (wish == "stream") return hand_over(root, SOCK_STREAM, directory);
    if (wish == "packets") return hand_over(root, SOCK_SEQPACKET, directory);
    if (wish == "datagram") return hand_over(root, SOCK_DGRAM, directory);
    if (wish == "socket") return hand_over_by_its_own(process, directory);
    if (wish == "trace") return trace(process);
    const std::string verdict = wish == "root" ? "through: it is opened" : speak_to_broker(root, wish);
    std::ofstream{root + "/tmp/escape/verdict"} << verdict << '\n';
}

[[noreturn]] void work_together(int directory) {
    constexpr std::string_view want = "want ";
    std::set<pid_t> granted;
    for (;;) {
        ::usleep(20'000);
        std::error_code error;
        for (const auto& entry : fs::directory_iterator{"/proc", error}) {
            std::string name;
            const pid_t process = std::atoi(entry.path().filename().c_str());
            if (process <= 0 || !std::getline(std::ifstream{entry.path() / "comm"}, name) ||
                !name.starts_with(want) || !granted.insert(process).second)
                continue;
            grant(process, name.substr(want.size()), directory);
        }
    }
}

} // namespace

pid_t start_outsider(const fs::path& handed) {
    const sys::UniqueFd directory{sys::check(::open(handed.c_str(), O_PATH | O_CLOEXEC), "open", handed)};
    const pid_t child = sys::check(::fork(), "fork");
    if (child != 0) return child;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(somebody, somebody, somebody) != 0 ||
        ::setresuid(somebody, somebody, somebody) != 0)
        ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        work_together(directory.get());
    } catch (...) {
        ::_exit(1);
    }
}

} // namespace disco::tests
