#include "tests/support/private_network.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t dns_port = 53;

sys::UniqueFd make_network() {
    sys::check(::unshare(CLONE_NEWNET), "make a network namespace");
    constexpr const char* own = "/proc/thread-self/ns/net";
    return sys::UniqueFd{sys::check(::open(own, O_RDONLY | O_CLOEXEC), "open", own)};
}

void ip(const std::string& line) {
    std::vector<std::string> words = sys::split_words(line);
    words.insert(words.begin(), "ip");
    const auto result =
        sys::run_program({.argv = words,
                          .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"},
                          .input = {},
                          .timeout = std::chrono::seconds{30}});
    if (!result.succeeded()) throw sys::Error{fmt::format("ip {}: {}", line, result.error)};
}

} // namespace

PrivateNetwork::PrivateNetwork() : machine_{make_network()}, host_{make_network()} {
    for (const char* line :
         {"link set lo up", "link add near type veth peer name near-end", "address add 10.77.0.2/24 dev near",
          "link set near up", "link set near-end up", "route add default via 10.77.0.1"})
        ip(line);
    ip(fmt::format("link add far type veth peer name end netns /proc/{}/fd/{}", ::getpid(), machine_.get()));
    ip("address add 10.88.0.2/24 dev far");
    ip("link set far up");
    on_the_other_machine([] {
        ip("address add 10.88.0.1/24 dev end");
        ip("link set end up");
    });
}

void PrivateNetwork::on_the_other_machine(const std::function<void()>& work) const {
    sys::check(::setns(machine_.get(), CLONE_NEWNET), "enter a network namespace");
    work();
    sys::check(::setns(host_.get(), CLONE_NEWNET), "leave a network namespace");
}

/// An overlay over /etc: the file may be missing on this machine, or be a symlink.
HostResolverFile::HostResolverFile(const fs::path& place, const std::string& text) {
    const fs::path directory = place / "host-etc";
    fs::create_directories(directory / "work");
    put(directory / "upper/resolv.conf", text);
    const std::string options = fmt::format("lowerdir=/etc,upperdir={}/upper,workdir={}/work",
                                            directory.string(), directory.string());
    sys::check(::mount("overlay", "/etc", "overlay", 0, options.c_str()), "mount an overlay on", "/etc");
}

HostResolverFile::~HostResolverFile() { ::umount2("/etc", MNT_DETACH); }

LittleServers::~LittleServers() {
    if (!thread_.joinable()) return;
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
}

LittleServers::Server& LittleServers::open(const std::string& address, std::uint16_t port, int type) {
    auto server = std::make_unique<Server>();
    server->address = address;
    server->socket =
        sys::UniqueFd{sys::check(::socket(AF_INET, type | SOCK_CLOEXEC, 0), "make a socket for", address)};
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
    sys::check(::bind(server->socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), "bind to",
               address);
    servers_.push_back(std::move(server));
    return *servers_.back();
}

void LittleServers::greet(const std::string& address, std::uint16_t port, const std::string& text) {
    Server& server = open(address, port, SOCK_STREAM);
    server.text = text;
    sys::check(::listen(server.socket.get(), 16), "listen at", address);
}

void LittleServers::resolve(const std::string& address, const std::string& answer) {
    Server& server = open(address, dns_port, SOCK_DGRAM);
    server.resolves = true;
    server.text = answer;
}

void LittleServers::start() {
    stop_ = sys::UniqueFd{sys::check(::eventfd(0, EFD_CLOEXEC), "make an eventfd")};
    thread_ = std::thread{[this] { serve(); }};
}

void LittleServers::serve() {
    for (;;) {
        std::vector<pollfd> waits = {{stop_.get(), POLLIN, 0}};
        for (const auto& server : servers_) waits.push_back({server->socket.get(), POLLIN, 0});
        if (::poll(waits.data(), waits.size(), -1) < 0) continue;
        if (waits[0].revents != 0) return;
        for (std::size_t i = 0; i < servers_.size(); ++i)
            if (waits[i + 1].revents != 0) answer(*servers_[i]);
    }
}

void LittleServers::answer(Server& server) {
    ++server.asked;
    if (!server.resolves) {
        const sys::UniqueFd peer{::accept4(server.socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (peer) ::send(peer.get(), server.text.data(), server.text.size(), MSG_NOSIGNAL);
        return;
    }
    std::array<char, 512> question;
    sockaddr_in from = {};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(server.socket.get(), question.data(), question.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    constexpr std::size_t header = 12, type_and_class = 4;
    if (got < static_cast<ssize_t>(header + 1 + type_and_class)) return;
    // The name ends with an empty label; what follows the question (EDNS) is not answered.
    const std::string_view bytes{question.data(), static_cast<std::size_t>(got)};
    const std::size_t name_end = bytes.find('\0', header);
    if (name_end == std::string_view::npos || name_end + 1 + type_and_class > bytes.size()) return;
    const bool asks_for_ipv4 = bytes[name_end + 2] == 1;
    std::string reply{bytes.substr(0, 2)};
    reply += std::string{"\x81\x80\0\1\0", 5} + (asks_for_ipv4 ? '\1' : '\0') + std::string(4, '\0');
    reply += bytes.substr(header, name_end + 1 + type_and_class - header);
    if (asks_for_ipv4) { // for the name at offset 12: type A, class IN, 60 s, four bytes
        reply += std::string{"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12};
        std::array<char, 4> address = {};
        ::inet_pton(AF_INET, server.text.c_str(), address.data());
        reply.append(address.data(), address.size());
    }
    ::sendto(server.socket.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from),
             size);
}

int LittleServers::asked(const std::string& address) const {
    int sum = 0;
    for (const auto& server : servers_)
        if (server->address == address) sum += server->asked;
    return sum;
}

std::vector<std::string> open_ports() {
    std::vector<std::string> found;
    for (const char* kind : {"tcp", "tcp6", "udp", "udp6"}) {
        std::istringstream lines{sys::read_file(fmt::format("/proc/thread-self/net/{}", kind))};
        std::string line, number, local, remote, state;
        std::getline(lines, line); // the heading
        while (std::getline(lines, line)) {
            std::istringstream words{line};
            words >> number >> local >> remote >> state;
            const bool listens = state == "0A";
            if (listens || std::string_view{kind}.starts_with("udp"))
                found.push_back(fmt::format("{} {}", kind, local));
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace disco::tests
