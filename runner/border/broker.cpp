#include "runner/border/broker.hpp"

#include "policy/walls.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

constexpr std::size_t most_clients = 64;                        // further ones wait to be accepted
constexpr std::size_t most_questions = 4;                       // at once; further ones wait
constexpr std::size_t most_heard_bytes = std::size_t{48} << 20; // of all clients together
constexpr int cannot = 125;                                     // as disco-on-host
/// A shim sends its request at once.
constexpr auto patience = std::chrono::seconds{20};

using policy::Wall;
using policy::wall_stands;

/// Without the room for them, descriptors that come with bytes are never received (unix(7), SCM_RIGHTS).
ssize_t receive_bytes(int socket, char* to, std::size_t size) {
    if (wall_stands(Wall::broker_descriptors)) return ::recv(socket, to, size, 0);
    struct iovec part = {to, size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room = {};
    struct msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
}

} // namespace

Broker::Broker(const policy::GuardedCommands& commands, Host host, Mode mode, CalledCommands& called,
               Allowance& allowance)
    : commands_{commands}, host_{std::move(host)}, mode_{mode}, called_{called}, allowance_{allowance} {
    socket_ = sys::UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket_) throw sys::SysError{errno, "make the broker's socket"};
    events_ = sys::UniqueFd{::epoll_create1(EPOLL_CLOEXEC)};
    if (!events_) throw sys::SysError{errno, "make the broker's epoll descriptor"};
    timer_ = sys::UniqueFd{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (!timer_) throw sys::SysError{errno, "make the broker's timer"};
    watch(socket_.get(), EPOLLIN, false);
    watch(timer_.get(), EPOLLIN, false);
}

Broker::~Broker() = default;

void Broker::watch(int fd, std::uint32_t events, bool known) {
    struct epoll_event event = {};
    event.events = events;
    event.data.fd = fd;
    sys::check(::epoll_ctl(events_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event),
               "watch what the broker hears");
}

void Broker::serve() {
    std::array<struct epoll_event, 16> ready = {};
    const int count = ::epoll_wait(events_.get(), ready.data(), ready.size(), 0);
    if (count < 0 && errno != EINTR) throw sys::SysError{errno, "wait for the broker's clients"};
    for (int i = 0; i < count; ++i) {
        const auto& event = ready.at(static_cast<std::size_t>(i));
        const int fd = event.data.fd;
        if (fd == socket_.get()) {
            accept_all();
        } else if (fd == timer_.get()) {
            std::uint64_t times = 0;
            [[maybe_unused]] const ssize_t got = ::read(fd, &times, sizeof times); // keep_time looks itself
        } else if (const auto question = questioners_.find(fd); question != questioners_.end()) {
            advance_question(clients_.at(question->second));
        } else if (const auto found = clients_.find(fd); found != clients_.end()) {
            Client& client = found->second;
            const bool gone = (event.events & (EPOLLHUP | EPOLLERR)) != 0 && (event.events & EPOLLIN) == 0;
            const bool left = (event.events & EPOLLRDHUP) != 0 && client.state == Client::State::waiting;
            if (gone || left)
                close(fd); // and with it its question
            else if (client.state == Client::State::hearing)
                hear(client);
            else if (client.state == Client::State::hearing_input)
                hear_input(client);
            else if (client.state == Client::State::answering)
                send(client);
        } // else it was closed for another event of this round
    }
    start_questions();
    keep_time();
}

void Broker::accept_all() {
    while (clients_.size() < most_clients || !wall_stands(Wall::broker_bounds)) {
        sys::UniqueFd fd{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
        if (!fd) return; // nobody any more, or gone again, or not yet listening
        const Peer peer = look_at_peer(socket_.get(), fd.get());
        if (!peer.inside && wall_stands(Wall::broker_peer))
            continue; // by /proc/PID/root: no business of theirs
        const int number = fd.get();
        watch(number, EPOLLIN | EPOLLRDHUP, false);
        Client& client = clients_[number];
        client.fd = std::move(fd);
        client.peer = peer;
        client.deadline = Clock::now() + patience;
    }
    watch(socket_.get(), 0, true);
    accepting_ = false;
}

/// A client that is not there any more is none of anybody's.
void Broker::close(int fd) {
    const auto found = clients_.find(fd);
    if (found == clients_.end()) return;
    if (found->second.question)
        for (const int each : found->second.question->descriptors()) questioners_.erase(each);
    std::erase(waiting_, fd);
    clients_.erase(found);
    if (accepting_) return;
    watch(socket_.get(), EPOLLIN, true);
    accepting_ = true;
}

/// More of what a client sends. False when there is nothing now, or when it has been hung up on.
bool Broker::receive(Client& client) {
    const int fd = client.fd.get();
    std::array<char, 65536> buffer; // NOLINT(*-member-init): recv fills it
    const ssize_t got = receive_bytes(fd, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    std::size_t held = 0;
    for (const auto& [number, each] : clients_) held += each.heard.size() + each.input.size();
    if (got <= 0 || (held > most_heard_bytes && wall_stands(Wall::broker_bounds))) {
        close(fd);
        return false;
    }
    client.heard.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

void Broker::hear(Client& client) {
    const int fd = client.fd.get();
    if (!receive(client)) return;
    switch (parse_request(client.heard, client.request)) {
    case Progress::partial: return;
    case Progress::damaged: return close(fd); // it is no shim
    case Progress::whole: break;
    }
    client.heard = {};
    client.deadline = Clock::time_point::max();
    answer(client);
}

void Broker::hear_input(Client& client) {
    if (!receive(client)) return;
    std::string why;
    switch (take_input(client.heard, client.input, why)) {
    case Progress::partial: return;
    case Progress::damaged: return refuse(client, 1, why);
    case Progress::whole: return finish_action(client);
    }
}

void Broker::send(Client& client) {
    const int fd = client.fd.get();
    while (!client.out.empty()) {
        const ssize_t sent = ::send(fd, client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) {
            // However long it takes: who reads the shim's output may be slow.
            client.state = Client::State::answering;
            return watch(fd, EPOLLOUT | EPOLLRDHUP, true);
        }
        if (sent <= 0) return close(fd); // the shim is gone
        client.out.erase(0, static_cast<std::size_t>(sent));
    }
    if (!client.more) return close(fd);
    client.more = false;
    client.state = Client::State::hearing_input;
    watch(fd, EPOLLIN | EPOLLRDHUP, true);
}

void Broker::start_questions() {
    while (!waiting_.empty() && questioners_.size() < most_questions * 3) {
        Client& client = clients_.at(waiting_.front());
        waiting_.pop_front();
        std::vector<std::string> needs;
        for (const policy::Need need : client.decision.needs)
            if (!is_roots(need) || client.peer.user == 0 || !wall_stands(Wall::broker_gate))
                needs.emplace_back(to_string(need));
        try {
            client.question = std::make_unique<QuestionRun>(
                question(host_, client.decision.query, needs, client.peer.process));
        } catch (const sys::SysError& error) { // no more processes, for one: the script should know
            if (client.asks_before) {
                do_action(client, nullptr);
                continue;
            }
            reply(client, cannot, {}, fmt::format("disco: {}: {}\n", client.words, error.what()));
            continue;
        }
        for (const int fd : client.question->descriptors()) {
            questioners_[fd] = client.fd.get();
            watch(fd, EPOLLIN, false);
        }
    }
}

void Broker::advance_question(Client& client) {
    if (!client.question->advance(client.words)) return;
    for (const int fd : client.question->descriptors()) questioners_.erase(fd);
    const QuestionRun::Answer found = client.question->take();
    client.question.reset();
    if (client.asks_before && ask_of_related(client, found)) return;
    if (client.asks_before) return do_action(client, &found);
    reply(client, found.exit, found.output, found.error);
}

/// What should have happened by now.
void Broker::keep_time() {
    const auto now = Clock::now();
    std::vector<int> late, over;
    for (const auto& [fd, client] : clients_) {
        if (client.question && now >= client.question->deadline()) over.push_back(fd);
        if (client.deadline <= now) late.push_back(fd);
    }
    for (const int fd : over) advance_question(clients_.at(fd));
    for (const int fd : late) close(fd);
    start_questions();
    set_timer();
}

void Broker::set_timer() {
    auto next = Clock::time_point::max();
    for (const auto& [fd, client] : clients_) {
        next = std::min(next, client.deadline);
        if (client.question) next = std::min(next, client.question->deadline());
    }
    struct itimerspec setting = {};
    if (next != Clock::time_point::max()) {
        const auto left =
            std::max(std::chrono::nanoseconds{next - Clock::now()}, std::chrono::nanoseconds{1});
        constexpr long second = 1'000'000'000;
        setting.it_value = {static_cast<time_t>(left.count() / second), left.count() % second};
    }
    sys::check(::timerfd_settime(timer_.get(), 0, &setting, nullptr), "set the broker's timer");
}

std::vector<GuardedRequest> Broker::take() { return std::exchange(asked_, {}); }

} // namespace disco::border
