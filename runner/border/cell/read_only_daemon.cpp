#include "runner/border/cell/read_only_daemon.hpp"

#include "policy/walls.hpp"
#include "runner/border/cell/daemon_requests.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

constexpr std::size_t most_head = 65536, most_lines = 16;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

int call_at(int (*call)(int, const sockaddr*, socklen_t), int socket, const std::string& path) {
    const sockaddr_un address = address_of(path);
    return call(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

/// Nobody holds this up for long.
bool send_all(int socket, std::string_view bytes) {
    const timeval patience = {2, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool is_ready(const std::vector<pollfd>& waits, int fd) {
    return std::any_of(waits.begin(), waits.end(),
                       [&](const pollfd& wait) { return wait.fd == fd && wait.revents != 0; });
}

} // namespace

ReadOnlyDaemon::~ReadOnlyDaemon() { end(); }

void ReadOnlyDaemon::end() {
    for (Line& line : lines_) close(line);
    lines_.clear();
    if (listening_ < 0) return;
    ::close(listening_);
    listening_ = -1;
    ::unlink(place_.c_str());
}

int ReadOnlyDaemon::connect(int socket, const std::string& path) {
    if (lines_.size() == most_lines) return EAGAIN;
    constexpr int type = SOCK_STREAM | SOCK_CLOEXEC;
    if (listening_ < 0) {
        ::unlink(place_.c_str());
        listening_ = ::socket(AF_UNIX, type, 0);
        if (listening_ < 0) return errno;
        if (const int code = call_at(::bind, listening_, place_); code != 0) return code;
        if (::listen(listening_, 1) != 0) return errno;
    }
    Line line;
    line.daemon = ::socket(AF_UNIX, type, 0);
    if (line.daemon < 0) return errno;
    int code = call_at(::connect, line.daemon, path);
    if (code == 0) code = call_at(::connect, socket, place_);
    if (code == 0) {
        line.question = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (line.question < 0) code = errno;
    }
    if (code != 0)
        close(line);
    else
        lines_.push_back(std::move(line));
    return code;
}

void ReadOnlyDaemon::add_waits(std::vector<pollfd>& waits) const {
    for (const Line& line : lines_) {
        if (!line.asked_all) waits.push_back({line.question, POLLIN, 0});
        waits.push_back({line.daemon, POLLIN, 0});
    }
}

void ReadOnlyDaemon::serve(const std::vector<pollfd>& waits) {
    for (auto line = lines_.begin(); line != lines_.end();) {
        bool goes_on = !is_ready(waits, line->question) || hear_question(*line);
        goes_on = goes_on && (!is_ready(waits, line->daemon) || hear_daemon(*line));
        if (!goes_on) close(*line);
        line = goes_on ? std::next(line) : lines_.erase(line);
    }
}

bool ReadOnlyDaemon::hear_question(Line& line) {
    std::array<char, 16384> buffer{};
    const ssize_t got = ::recv(line.question, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got == 0) {
        line.asked_all = true;
        return ::shutdown(line.daemon, SHUT_WR) == 0;
    }
    if (got < 0) return false;
    line.head.append(buffer.data(), static_cast<std::size_t>(got));
    for (;;) {
        const std::size_t end = line.head.find(end_of_head);
        if (end == std::string::npos) return line.head.size() <= most_head;
        const std::string head = line.head.substr(0, end + end_of_head.size());
        line.head.erase(0, head.size());
        const auto asked = policy::wall_stands(policy::Wall::query_requests) ? put_together(head) : head;
        if (!asked || (!only_asks(head) && policy::wall_stands(policy::Wall::query_calls))) {
            (void)send_all(line.question, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                                          "Content-Length: 56\r\nConnection: close\r\n\r\n"
                                          "{\"message\":\"disco: a question to the machine only asks\"}");
            return false;
        }
        if (!send_all(line.daemon, *asked)) return false;
    }
}

bool ReadOnlyDaemon::hear_daemon(Line& line) {
    std::array<char, 16384> buffer{};
    const ssize_t got = ::recv(line.daemon, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    return got > 0 && send_all(line.question, {buffer.data(), static_cast<std::size_t>(got)});
}

void ReadOnlyDaemon::close(Line& line) {
    for (int* fd : {&line.question, &line.daemon}) {
        if (*fd >= 0) ::close(*fd);
        *fd = -1;
    }
}

} // namespace disco::border::cell
