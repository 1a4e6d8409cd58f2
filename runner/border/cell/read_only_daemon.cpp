#include "runner/border/cell/read_only_daemon.hpp"

#include "policy/walls.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

constexpr std::size_t most_head = 65536, most_lines = 16;
constexpr std::string_view end_of_line = "\r\n", end_of_head = "\r\n\r\n";

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

std::string lower(std::string_view text) {
    std::string result{text};
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

} // namespace

bool only_asks(std::string_view head) {
    if (!head.ends_with(end_of_head) || (!head.starts_with("GET /") && !head.starts_with("HEAD /")))
        return false;
    head.remove_suffix(end_of_line.size());
    for (bool first = true; !head.empty(); first = false) {
        const std::size_t end = head.find(end_of_line);
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + end_of_line.size());
        // Some take a bare line feed for the end of a line, and would see another request.
        for (const char c : line)
            if (static_cast<unsigned char>(c) < ' ' && c != '\t') return false;
        if (first) {
            if (!line.ends_with(" HTTP/1.1") && !line.ends_with(" HTTP/1.0")) return false;
            continue;
        }
        const std::string name = lower(line.substr(0, line.find(':')));
        const bool strange = line.find(':') == std::string_view::npos || name.empty() ||
                             name.find_first_of(" \t") != std::string::npos;
        constexpr std::string_view bodies[] = {"content-length", "transfer-encoding", "upgrade", "expect",
                                               "connection"};
        const bool asks_for_more = std::find(std::begin(bodies), std::end(bodies), name) != std::end(bodies);
        const std::string value = lower(line.substr(std::min(line.find(':') + 1, line.size())));
        const bool harmless = (name == "content-length" && value == " 0") ||
                              (name == "connection" && (value == " close" || value == " keep-alive"));
        if (strange || (asks_for_more && !harmless)) return false;
    }
    return true;
}

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
        if (!only_asks(head) && policy::wall_stands(policy::Wall::query_calls)) {
            (void)send_all(line.question, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                                          "Content-Length: 56\r\nConnection: close\r\n\r\n"
                                          "{\"message\":\"disco: a question to the machine only asks\"}");
            return false;
        }
        if (!send_all(line.daemon, head)) return false;
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
