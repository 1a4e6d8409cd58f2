#include "tests/support/question_cell.hpp"

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <string_view>

#include <netinet/in.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

constexpr int ipc_key = 0x1d15c0; // the payload's
constexpr std::uint16_t port = 47110;

template <class Address> sys::UniqueFd listen_at(const Address& address, std::size_t size, int type) {
    const int family = reinterpret_cast<const sockaddr*>(&address)->sa_family;
    sys::UniqueFd socket{sys::check(::socket(family, type | SOCK_CLOEXEC, 0), "make a socket")};
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sys::check(
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)),
        "bind a socket");
    if (type == SOCK_STREAM) sys::check(::listen(socket.get(), 8), "listen");
    return socket;
}

} // namespace

void QuestionCellTest::SetUp() {
    ThrowAwayTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    be_alone();
    // /tmp, where tests have their files, is not shown to a question.
    sys::check(::mount("tmpfs", open_place().c_str(), "tmpfs", 0, "mode=0777"), "mount on", open_place());
    fs::create_directories(open_place() / "state");
    sys::check(::chmod((open_place() / "state").c_str(), 0700), "close", open_place() / "state");
    fs::copy_file(build_tree() / "tests/cell_payload", payload());
    for (const char* name : {"victim", "second", "third"}) put(open_place() / name, "as it was\n", 0666);
    put(open_place() / "state/secret", "secret\n", 0600);
    // Not every kernel's tmpfs has user.*
    ::setxattr((open_place() / "victim").c_str(), "user.victim", "x", 1, 0);
    put("/tmp/cell-secret", "secret\n", 0600);
    listen();
    start_daemon();
    shared_memory_ = ::shmget(ipc_key, 4096, IPC_CREAT | 0666);
    messages_ = ::msgget(ipc_key, IPC_CREAT | 0666);
    semaphores_ = ::semget(ipc_key, 1, IPC_CREAT | 0666);
}

/// Another program of these tests, of another build tree, say, may be running with the same ports, names and
/// keys.
void QuestionCellTest::be_alone() {
    sys::check(::unshare(CLONE_NEWNET | CLONE_NEWIPC), "make namespaces for the network and IPC");
    const auto up = sys::run_program({.argv = {"ip", "link", "set", "lo", "up"},
                                      .environment = {std::string{"PATH="} + sys::usual_path},
                                      .input = {},
                                      .timeout = std::chrono::seconds{20}});
    ASSERT_TRUE(up.succeeded()) << up.error;
}

void QuestionCellTest::listen() {
    const auto at_path = [&](const std::string& path, int type) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
        sockets_.push_back(listen_at(address, sizeof address, type));
        sys::check(::chmod(path.c_str(), 0777), "open", path);
    };
    at_path("/run/cell-socket", SOCK_STREAM);
    at_path("/run/cell-datagrams", SOCK_DGRAM);
    at_path(open_place() / "socket", SOCK_STREAM);
    sockaddr_un abstract = {};
    abstract.sun_family = AF_UNIX;
    constexpr std::string_view name{"\0disco-cell-test", 16};
    name.copy(abstract.sun_path, name.size());
    sockets_.push_back(listen_at(abstract, offsetof(sockaddr_un, sun_path) + name.size(), SOCK_STREAM));
    sockaddr_in loopback = {};
    loopback.sin_family = AF_INET;
    loopback.sin_port = htons(port);
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockets_.push_back(listen_at(loopback, sizeof loopback, SOCK_STREAM));
}

/// It says what it was asked for, and does it.
void QuestionCellTest::start_daemon() {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/run/docker.sock");
    const sys::UniqueFd socket = listen_at(address, sizeof address, SOCK_STREAM);
    sys::check(::chmod(address.sun_path, 0666), "open", address.sun_path);
    daemon_ = sys::check(::fork(), "fork");
    if (daemon_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        const int client = ::accept(socket.get(), nullptr, nullptr);
        std::string heard;
        char buffer[4096];
        for (ssize_t got = 0; (got = ::recv(client, buffer, sizeof buffer, 0)) > 0;) {
            heard.append(buffer, static_cast<std::size_t>(got));
            if (heard.find("\r\n\r\n") == std::string::npos) continue;
            const bool makes = heard.find("POST /containers/create") != std::string::npos;
            const std::string_view answer =
                makes ? "HTTP/1.1 201 created\r\n\r\n" : "HTTP/1.1 200 information\r\n\r\n";
            ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
        ::close(client);
    }
}

void QuestionCellTest::TearDown() {
    if (daemon_ > 0) {
        ::kill(daemon_, SIGKILL);
        ::waitpid(daemon_, nullptr, 0);
        daemon_ = -1;
    }
    sockets_.clear();
    ::shmctl(shared_memory_, IPC_RMID, nullptr);
    ::msgctl(messages_, IPC_RMID, nullptr);
    ::semctl(semaphores_, 0, IPC_RMID);
    std::error_code ignored;
    for (const char* path :
         {"/tmp/cell-secret", "/run/cell-socket", "/run/cell-datagrams", "/run/docker.sock"})
        fs::remove(path, ignored);
    ::umount2(open_place().c_str(), MNT_DETACH);
    ThrowAwayTest::TearDown();
}

sys::ProgramResult QuestionCellTest::ask(const std::vector<std::string>& options,
                                         const std::vector<std::string>& command,
                                         const std::string& without) {
    const fs::path program = without.empty() ? "lib/disco/disco-on-host" : "tests/cell/disco-on-host";
    // With descriptors of its caller, as a careless one would leave.
    std::vector<std::string> words = {
        "/bin/bash", "-c", "exec 10< /etc/passwd 251< /etc/group; exec \"$@\"", "-", build_tree() / program,
        "query",     "/"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    std::vector<std::string> environment = {std::string{"PATH="} + sys::usual_path};
    if (!without.empty()) environment.push_back("DISCO_WITHOUT=" + without);
    return sys::run_program({.argv = std::move(words),
                             .environment = std::move(environment),
                             .input = {},
                             .timeout = std::chrono::seconds{20}});
}

std::map<std::string, QuestionCellTest::Result>
QuestionCellTest::attempt(std::vector<std::string> options, const std::vector<std::string>& names,
                          const std::string& without) {
    options.push_back("--hide=" + (open_place() / "state").string());
    std::vector<std::string> command = {payload(), open_place()};
    command.insert(command.end(), names.begin(), names.end());
    const auto answer = ask(options, command, without);
    EXPECT_TRUE(answer.succeeded()) << "signal " << answer.signal << '\n' << answer.output << answer.error;
    std::map<std::string, Result> results;
    std::istringstream text{answer.output};
    for (std::string line; std::getline(text, line);) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos) continue;
        results[line.substr(0, colon)] = {line.find(": escaped: ") == colon, line.substr(colon + 2)};
    }
    return results;
}

} // namespace disco::tests
