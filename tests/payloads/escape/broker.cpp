// L: what the broker of the run must not do for whoever reaches its socket: users other than root in the
// sandbox, users of the machine who come by /proc/PID/root, and those who send too much.

#include "tests/payloads/escape/attempt.hpp"
#include "tests/payloads/escape/partner.hpp"

#include "policy/shim_protocol.hpp"
#include "runner/model/view_layout.hpp"
#include "tests/payloads/send_with_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace escape {
namespace {

namespace shim = disco::policy::shim;
using shim::Wish;

/// What is said to the broker; the bytes of each part come behind.
struct Said {
    Wish wish = Wish::guarded;
    std::vector<std::string> words;
    std::string variables{}, directory = "/";
};

std::string bytes_of(const Said& said) {
    std::string words;
    for (const std::string& word : said.words) words.append(word).append(1, '\0');
    shim::Request heading;
    heading.wish = said.wish;
    heading.words = static_cast<std::uint32_t>(said.words.size());
    heading.word_bytes = static_cast<std::uint32_t>(words.size());
    heading.variable_bytes = static_cast<std::uint32_t>(said.variables.size());
    heading.directory_bytes = static_cast<std::uint32_t>(said.directory.size());
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    return bytes + words + said.variables + said.directory;
}

class Line {
public:
    Line() : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, disco::model::view_layout::broker_socket);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::close(fd_);
    }
    Line(Line&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Line& operator=(Line&&) = delete;
    ~Line() { ::close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool say(const std::string& bytes) const {
        for (std::size_t at = 0; at < bytes.size();) {
            const ssize_t sent = ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (sent < 0) return false;
            at += static_cast<std::size_t>(sent);
        }
        return true;
    }
    struct Heard {
        bool answered = false; ///< or it was hung up on
        shim::Reply reply{};
        std::string text{};
    };
    /// Until the end of the answer, or for as long.
    [[nodiscard]] Heard hear(int patience_ms = 4000) const {
        Heard heard;
        std::string bytes;
        std::size_t wanted = sizeof heard.reply;
        while (bytes.size() < wanted) {
            struct pollfd wait = {fd_, POLLIN, 0};
            std::array<char, 4096> buffer{};
            if (::poll(&wait, 1, patience_ms) <= 0) return heard;
            const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (got <= 0) return heard;
            bytes.append(buffer.data(), static_cast<std::size_t>(got));
            if (bytes.size() < sizeof heard.reply) continue;
            std::memcpy(&heard.reply, bytes.data(), sizeof heard.reply);
            wanted = sizeof heard.reply + heard.reply.output + heard.reply.error;
        }
        heard.answered = true;
        heard.text = bytes.substr(sizeof heard.reply);
        return heard;
    }

private:
    int fd_;
};

Line::Heard ask(const Said& said) {
    const Line line;
    (void)line.say(bytes_of(said));
    auto heard = line.hear();
    if (!heard.answered || heard.reply.kind != shim::Reply::Kind::input) return heard;
    const std::string nothing(sizeof(shim::InputPart), '\0');
    return line.say(nothing) ? line.hear() : heard;
}

/// Not an answer, but success: it has been queued.
Verdict by_success(const Line::Heard& heard) {
    if (!heard.answered) return held("hung up on");
    return heard.reply.exit == 0 ? got_through("done: " + heard.text) : held(heard.text);
}
Verdict by_answer(const Line::Heard& heard) {
    return heard.answered ? got_through("heard: " + heard.text) : held("hung up on");
}

Verdict by_somebody(const Said& said) {
    if (!become_somebody()) return held("nobody can become another user here");
    return by_success(ask(said));
}

const Said order = {Wish::guarded, {"systemctl", "restart", "escape"}};
const Said deferred = {Wish::defer, {"id"}};

// Users other than root.
Verdict somebody_orders() { return by_somebody(order); }
Verdict somebody_defers() { return by_somebody(deferred); }
Verdict somebody_loads_rules() { return by_somebody({Wish::guarded, {"iptables-restore"}}); }
Verdict somebody_reboots() { return by_somebody({Wish::guarded, {"reboot"}}); }
Verdict somebody_sets() { return by_somebody({Wish::guarded, {"sysctl", "-w", "kernel.panic=1"}}); }
/// The `blkid` of this root shows whether it may read what only root may.
Verdict somebody_reads_all() {
    if (!become_somebody()) return held("nobody can become another user here");
    const auto heard = ask({Wish::guarded, {"blkid", "-o", "list"}});
    return heard.text.find("ESCAPED") != std::string::npos ? got_through(heard.text) : held(heard.text);
}

// Too much.
Verdict words_too_long() {
    return by_answer(ask({Wish::guarded, {"ip", std::string(shim::most_word_bytes, 'x')}}));
}
Verdict environment_too_long() {
    return by_answer(ask({Wish::guarded, {"ip"}, std::string(shim::most_variable_bytes, 'x') + '\0'}));
}
Verdict directory_too_long() {
    return by_answer(ask({Wish::guarded, {"ip"}, "", "/" + std::string(shim::most_directory_bytes, 'x')}));
}
Verdict input_too_long() {
    const Line line;
    if (!line.say(bytes_of({Wish::guarded, {"iptables-restore"}}))) return held("hung up on");
    if (line.hear().reply.kind != shim::Reply::Kind::input) return held("no input is wanted");
    const std::string part(std::size_t{1} << 20, '#');
    const shim::InputPart heading = {static_cast<std::uint32_t>(part.size())}, end = {0};
    const auto bytes = [](const shim::InputPart& each) {
        return std::string(reinterpret_cast<const char*>(&each), sizeof each);
    };
    for (std::size_t sent = 0; sent <= shim::most_input_bytes; sent += part.size())
        if (!line.say(bytes(heading)) || !line.say(part)) return by_success(line.hear());
    (void)line.say(bytes(end));
    return by_success(line.hear());
}
/// One more is not heard before another one has gone.
Verdict too_many_clients() {
    constexpr int many = 70, patience_ms = 500;
    std::vector<Line> silent(many);
    const Line last;
    if (!last.say(bytes_of(deferred))) return held("hung up on");
    return by_answer(last.hear(patience_ms));
}
/// All of them together, while none has said all.
Verdict half_said_too_long() {
    constexpr int many = 60;
    const std::string whole = bytes_of({Wish::defer, {std::string(shim::most_word_bytes - 1, 'x')}});
    std::vector<Line> lines(many);
    for (const Line& line : lines)
        if (!line.say(whole.substr(0, whole.size() - 1))) return held("hung up on");
    const timespec moment = {0, 300'000'000};
    ::nanosleep(&moment, nullptr); // all is received
    for (const Line& line : lines) {
        struct pollfd wait = {line.fd(), POLLIN, 0};
        if (::poll(&wait, 1, 0) != 0) return held("hung up on");
    }
    return got_through("all of it is kept");
}

/// Whether somebody has the other end of a pipe that was sent.
Verdict sends_descriptor() {
    const Line line;
    std::array<int, 2> ends = {-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return held_by_errno();
    std::string bytes = bytes_of({Wish::guarded, {"ip", "addr"}});
    bytes.resize(bytes.size() - 1); // it is still being heard then
    if (disco::tests::send_with_descriptor(line.fd(), bytes, ends[1]) < 0) return held_by_errno();
    ::close(ends[1]);
    struct pollfd wait = {ends[0], POLLIN, 0};
    return ::poll(&wait, 1, 1000) == 0 ? got_through("it is held") : held("it is dropped");
}

Verdict outsider_asks() { return told_by_outsider("ask"); }
Verdict outsider_orders() { return told_by_outsider("order"); }
Verdict outsider_defers() { return told_by_outsider("defer"); }
Verdict outsider_sends_descriptor() { return told_by_outsider("descriptor"); }

} // namespace

Attempts broker_attempts() {
    return {{"somebody_orders", somebody_orders},
            {"somebody_defers", somebody_defers},
            {"somebody_loads_rules", somebody_loads_rules},
            {"somebody_reboots", somebody_reboots},
            {"somebody_sets", somebody_sets},
            {"somebody_reads_all", somebody_reads_all},
            {"words_too_long", words_too_long},
            {"environment_too_long", environment_too_long},
            {"directory_too_long", directory_too_long},
            {"input_too_long", input_too_long},
            {"too_many_clients", too_many_clients},
            {"half_said_too_long", half_said_too_long},
            {"sends_descriptor", sends_descriptor},
            {"outsider_asks", outsider_asks},
            {"outsider_orders", outsider_orders},
            {"outsider_defers", outsider_defers},
            {"outsider_sends_descriptor", outsider_sends_descriptor}};
}

} // namespace escape
