#include "runner/border/broker.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

using policy::GuardKind;
using policy::shim::Reply;
using policy::shim::Request;
using policy::shim::Wish;

constexpr auto query_timeout = std::chrono::seconds{10};
constexpr std::size_t most_clients = 64;

std::string reply(int exit, std::string_view output, std::string_view error, bool run = false) {
    const Reply heading = {exit, run ? 1U : 0U, static_cast<std::uint32_t>(output.size()),
                           static_cast<std::uint32_t>(error.size())};
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    return bytes.append(output).append(error);
}

/// The whole request, once it is there.
struct Heard {
    Wish wish = Wish::guarded;
    std::vector<std::string> argv;
};
enum class Progress { partial, whole, damaged };

Progress parse(const std::string& bytes, Heard& heard) {
    Request request;
    if (bytes.size() < sizeof request) return Progress::partial;
    std::memcpy(&request, bytes.data(), sizeof request);
    const bool known = request.wish == Wish::guarded || request.wish == Wish::unlisted ||
                       request.wish == Wish::defer || (request.wish == Wish::fail && request.words == 2);
    if (request.magic != policy::shim::magic || !known || request.words == 0 ||
        request.bytes > policy::shim::most_words_bytes)
        return Progress::damaged;
    if (bytes.size() < sizeof request + request.bytes) return Progress::partial;
    std::string_view rest = std::string_view{bytes}.substr(sizeof request, request.bytes);
    heard.wish = request.wish;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\0');
        if (end == std::string_view::npos) return Progress::damaged;
        heard.argv.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return heard.argv.size() == request.words && !heard.argv[0].empty() ? Progress::whole : Progress::damaged;
}

} // namespace

Broker::Broker(const policy::GuardedCommands& commands, Host host, Mode mode, CalledCommands& called)
    : commands_{commands}, host_{std::move(host)}, mode_{mode}, called_{called} {
    socket_ = sys::UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket_) throw sys::SysError{errno, "make the broker's socket"};
    events_ = sys::UniqueFd{::epoll_create1(EPOLL_CLOEXEC)};
    if (!events_) throw sys::SysError{errno, "make the broker's epoll descriptor"};
    struct epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = socket_.get();
    sys::check(::epoll_ctl(events_.get(), EPOLL_CTL_ADD, socket_.get(), &event), "watch the broker's socket");
}

void Broker::serve() {
    std::array<struct epoll_event, 16> ready = {};
    const int count = ::epoll_wait(events_.get(), ready.data(), ready.size(), 0);
    if (count < 0 && errno != EINTR) throw sys::SysError{errno, "wait for the broker's clients"};
    for (int i = 0; i < count; ++i) {
        const int fd = ready.at(static_cast<std::size_t>(i)).data.fd;
        if (fd == socket_.get())
            accept_all();
        else
            hear(fd);
    }
}

void Broker::accept_all() {
    for (;;) {
        sys::UniqueFd fd{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!fd) return;                               // nobody any more, or gone again, or not yet listening
        if (clients_.size() >= most_clients) continue; // the shim says that the broker does not answer
        struct epoll_event event = {};
        event.events = EPOLLIN;
        event.data.fd = fd.get();
        sys::check(::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd.get(), &event),
                   "watch a client of the broker");
        const int number = fd.get();
        clients_[number] = {std::move(fd), {}};
    }
}

void Broker::hear(int fd) {
    const auto found = clients_.find(fd);
    if (found == clients_.end()) return;
    std::array<char, 16384> buffer; // NOLINT(*-member-init): recv fills it
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    Heard heard;
    if (got > 0) {
        found->second.heard.append(buffer.data(), static_cast<std::size_t>(got));
        const Progress progress = parse(found->second.heard, heard);
        if (progress == Progress::partial) return;
        if (progress == Progress::whole) answer(found->second, heard.wish, heard.argv);
    }
    clients_.erase(found); // it has its answer, or is gone, or is no shim
}

void Broker::answer(Client& client, Wish wish, const std::vector<std::string>& argv) {
    const std::string bytes = reply_to(client.fd.get(), wish, argv);
    // A shim reads all of it at once; one that does not must not hold up the script's other work.
    struct timeval patience = {5, 0};
    ::setsockopt(client.fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int flags = ::fcntl(client.fd.get(), F_GETFL);
    ::fcntl(client.fd.get(), F_SETFL, flags & ~O_NONBLOCK);
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const ssize_t sent = ::send(client.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return; // the shim is gone
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string Broker::reply_to(int client, Wish wish, const std::vector<std::string>& argv) {
    if (wish == Wish::fail) {
        asked_.push_back({Asked::What::failure, argv});
        return reply(0, {}, {});
    }
    std::vector<std::string> shown = argv;
    if (wish != Wish::defer) shown[0] = shown[0].substr(shown[0].rfind('/') + 1); // the shim's own name
    struct ucred peer = {};
    socklen_t size = sizeof peer;
    sys::check(::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size), "ask who speaks to the broker");
    const auto called = wish == Wish::guarded ? called_.find(peer.pid) : std::nullopt;
    if (called) {
        std::vector<std::string> words = called->words;
        if (words.empty()) words.push_back(called->name);
        words.front() = called->name;
        shown.erase(shown.begin());
        shown.insert(shown.begin(), words.begin(), words.end());
    }
    const std::string words = sys::quote_words(shown);
    const std::string would = fmt::format("warning: Would execute: {}\n", words);
    if (wish == Wish::unlisted) {
        asked_.push_back({Asked::What::unlisted, shown});
        return reply(0, {}, would);
    }
    if (wish == Wish::guarded && !commands_.contains(shown[0]))
        return reply(126, {}, "disco: not a guarded command\n");
    policy::GuardDecision decision;
    if (wish == Wish::defer) {
        // What it may do is known of guarded commands alone.
        if (commands_.contains(shown[0])) decision = commands_.decide(shown);
        if (decision.kind != GuardKind::action) decision.meaning = {model::ServiceVerb::anything, {}};
        decision.kind = GuardKind::action;
        decision.action = shown;
    } else
        decision = commands_.decide(shown);
    const auto queue = [&] {
        if (decision.action.empty()) return;
        asked_.push_back({Asked::What::action, decision.action, decision.meaning});
    };
    switch (decision.kind) {
    case GuardKind::view:
    case GuardKind::both:
        if (!called) return reply(126, {}, "disco: not a guarded command\n");
        queue();
        called_.let_run(peer.pid);
        return reply(0, called->path, {}, true);
    case GuardKind::refuse:
        asked_.push_back({Asked::What::refused, shown});
        return reply(decision.known ? 1 : EX_UNAVAILABLE, {}, fmt::format("disco: {}\n", decision.reason));
    case GuardKind::action: queue(); return reply(0, {}, mode_ == Mode::noop ? would : std::string{});
    case GuardKind::query: break;
    }
    // Rebuilt from what was parsed, by its plain name: whoever asks may call itself /proc/N/root/…/ip, and so
    // name a program of its own.
    std::vector<std::string> needs;
    for (const policy::Need need : decision.needs) needs.emplace_back(to_string(need));
    HostCommand command = question(host_, decision.query, needs, 0);
    constexpr std::size_t most_output = std::size_t{1} << 20;
    const sys::ProgramResult result = sys::run_program({.argv = std::move(command.argv),
                                                        .environment = std::move(command.environment),
                                                        .input = {},
                                                        .timeout = query_timeout,
                                                        .output_limit = most_output});
    if (result.timed_out)
        return reply(124, result.output,
                     result.error + fmt::format("disco: the host did not answer '{}' within {} s\n", words,
                                                query_timeout.count()));
    return reply(result.signal != 0 ? 128 + result.signal : result.exit, result.output, result.error);
}

std::vector<Asked> Broker::take() { return std::exchange(asked_, {}); }

} // namespace disco::border
