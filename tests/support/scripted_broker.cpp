#include "tests/support/scripted_broker.hpp"

#include "policy/guard_parser.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace disco::tests {

namespace shim = policy::shim;

namespace {

constexpr const char* grammar = R"(
command ask
  options none
  query WORD...
command order
  options none
  action =do WORD...
  action =load => reads input
command invoke
  option -q
  option -f
  action WORD => decides -q exits 4 5 => adds -f
command both
  query  ask
  action =do WORD...
command systemctl
  query  is-active UNIT... => means is-active UNIT
  action start|stop UNIT... => means start UNIT
)";

bool receive_all(int fd, void* bytes, std::size_t size) {
    return ::recv(fd, bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

} // namespace

void BrokerTest::SetUp() {
    ThrowAwayTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sys::check(::chmod(place().c_str(), 0755), "open", place());
    // Stands for disco-on-host.
    put(place() / "helper",
        "#!/bin/bash\nwhile [ \"$1\" != -- ]; do needs+=\" $1\"; shift; done; shift\n"
        "case $2 in hang) echo begun; exec sleep 60;; flood) exec yes;; fail) echo no >&2; exit 3;;\n"
        "needs) echo $needs;; die) kill -9 $$;; *) echo answer \"$@\";; esac\n",
        0755);
    commands_.emplace(policy::parse_guard_grammars({{grammar, "test"}}));
    start(border::Broker::Mode::live);
}

void BrokerTest::TearDown() {
    broker_.reset();
    ThrowAwayTest::TearDown();
}

void BrokerTest::make(border::Broker::Mode mode) {
    broker_.reset();
    broker_.emplace(*commands_, border::Host{"/", place() / "helper", {}}, mode, called_, allowance_);
}

void BrokerTest::start(border::Broker::Mode mode) {
    make(mode);
    listen();
}

sockaddr_un BrokerTest::address() const {
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    std::snprintf(name.sun_path, sizeof name.sun_path, "%s/broker", place().c_str());
    return name;
}

void BrokerTest::listen() const {
    const sockaddr_un name = address();
    ::unlink(name.sun_path);
    sys::check(::bind(broker_->socket(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "bind");
    sys::check(::chmod(name.sun_path, 0666), "open the socket");
    sys::check(::listen(broker_->socket(), 64), "listen");
}

sys::UniqueFd BrokerTest::connect() const {
    sys::UniqueFd fd{sys::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")};
    const sockaddr_un name = address();
    sys::check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "connect");
    return fd;
}

std::string BrokerTest::request(shim::Wish wish, const std::vector<std::string>& words,
                                const std::string& directory, int verdict) {
    shim::Request heading;
    heading.wish = wish;
    heading.verdict = verdict;
    heading.words = static_cast<std::uint32_t>(words.size());
    std::string rest;
    for (const std::string& word : words) rest.append(word).push_back('\0');
    heading.word_bytes = static_cast<std::uint32_t>(rest.size());
    const std::string variable{"KEPT=1\0LD_PRELOAD=/x\0", 21};
    heading.variable_bytes = static_cast<std::uint32_t>(variable.size());
    heading.directory_bytes = static_cast<std::uint32_t>(directory.size());
    heading.umask = 027;
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    return bytes + rest + variable + directory;
}

void BrokerTest::send(const sys::UniqueFd& fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
        ASSERT_TRUE(sent > 0 || errno == EAGAIN) << errno;
        if (!bytes.empty()) broker_->serve();
    }
}

bool BrokerTest::serve_until_readable(int fd, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
        struct pollfd waits[] = {{fd, POLLIN, 0}, {broker_->fd(), POLLIN, 0}};
        ::poll(waits, 2, 50);
        const auto before = std::chrono::steady_clock::now();
        if (waits[1].revents != 0) broker_->serve();
        longest_ = std::max(longest_, std::chrono::steady_clock::now() - before);
        if (waits[0].revents != 0) return true;
    }
    return false;
}

BrokerTest::Heard BrokerTest::hear(const sys::UniqueFd& fd) {
    shim::Reply reply;
    if (!serve_until_readable(fd.get())) return {shim::Reply::Kind::end, -2, "", "no answer"};
    if (!receive_all(fd.get(), &reply, sizeof reply)) return {};
    Heard heard{reply.kind, reply.exit, std::string(reply.output, '\0'), std::string(reply.error, '\0')};
    for (std::string* text : {&heard.output, &heard.error})
        for (std::size_t at = 0; at < text->size();) {
            if (!serve_until_readable(fd.get())) return {};
            const ssize_t got = ::recv(fd.get(), text->data() + at, text->size() - at, 0);
            if (got <= 0) return {};
            at += static_cast<std::size_t>(got);
        }
    return heard;
}

BrokerTest::Heard BrokerTest::ask(shim::Wish wish, const std::vector<std::string>& words,
                                  const std::string& directory) {
    const sys::UniqueFd fd = connect();
    send(fd, request(wish, words, directory));
    return hear(fd);
}

void BrokerTest::ask_and_exit(shim::Wish wish, const std::vector<std::string>& words) const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr_un name = address();
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) ::_exit(98);
    const std::string bytes = request(wish, words);
    shim::Reply reply;
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 || !receive_all(fd, &reply, sizeof reply))
        ::_exit(99);
    ::_exit(reply.exit);
}

int BrokerTest::serve_until_ended(pid_t child) {
    const sys::UniqueFd pidfd{
        sys::check(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)), "open a process")};
    EXPECT_TRUE(serve_until_readable(pidfd.get()));
    int status = 0;
    sys::check(::waitpid(child, &status, 0), "wait");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace disco::tests
