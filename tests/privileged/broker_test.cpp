// The broker and whoever speaks to it: shims, users other than root, processes of elsewhere, nonsense.

#include "policy/guard_parser.hpp"
#include "runner/border/broker.hpp"
#include "runner/sys/error.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
namespace shim = policy::shim;
using border::Asked;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using What = shim::Reply::What;

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

class BrokerTest : public ThrowAwayTest {
protected:
    void SetUp() override {
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
    void TearDown() override {
        broker_.reset();
        ThrowAwayTest::TearDown();
    }
    void start(border::Broker::Mode mode) {
        broker_.emplace(*commands_, border::Host{"/", place() / "helper", {}}, mode, called_, allowance_);
        const sockaddr_un name = address();
        ::unlink(name.sun_path);
        sys::check(::bind(broker_->socket(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "bind");
        sys::check(::chmod(name.sun_path, 0666), "open the socket");
        sys::check(::listen(broker_->socket(), 64), "listen");
    }
    [[nodiscard]] sockaddr_un address() const {
        sockaddr_un name = {};
        name.sun_family = AF_UNIX;
        std::snprintf(name.sun_path, sizeof name.sun_path, "%s/broker", place().c_str());
        return name;
    }
    [[nodiscard]] sys::UniqueFd connect() const {
        sys::UniqueFd fd{sys::check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")};
        const sockaddr_un name = address();
        sys::check(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), "connect");
        return fd;
    }
    static std::string request(shim::Wish wish, const std::vector<std::string>& words,
                               const std::string& directory = "/", int verdict = shim::no_verdict) {
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
    /// While the broker hears: more than a socket holds may be sent.
    void send(const sys::UniqueFd& fd, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
            ASSERT_TRUE(sent > 0 || errno == EAGAIN) << errno;
            if (!bytes.empty()) broker_->serve();
        }
    }
    /// Lets the broker work until `fd` has something to read or is closed, at most so long.
    bool serve_until_readable(int fd, std::chrono::milliseconds patience = std::chrono::seconds{15}) {
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
    struct Heard {
        What what = What::end;
        int exit = -1; ///< -1: it was hung up on
        std::string output, error;
    };
    Heard hear(const sys::UniqueFd& fd) {
        shim::Reply reply;
        if (!serve_until_readable(fd.get())) return {What::end, -2, "", "no answer"};
        if (::recv(fd.get(), &reply, sizeof reply, MSG_WAITALL) != static_cast<ssize_t>(sizeof reply))
            return {};
        Heard heard{reply.what, reply.exit, std::string(reply.output, '\0'), std::string(reply.error, '\0')};
        for (std::string* text : {&heard.output, &heard.error})
            for (std::size_t at = 0; at < text->size();) {
                if (!serve_until_readable(fd.get())) return {};
                const ssize_t got = ::recv(fd.get(), text->data() + at, text->size() - at, 0);
                if (got <= 0) return {};
                at += static_cast<std::size_t>(got);
            }
        return heard;
    }
    Heard ask(shim::Wish wish, const std::vector<std::string>& words, const std::string& directory = "/") {
        const sys::UniqueFd fd = connect();
        send(fd, request(wish, words, directory));
        return hear(fd);
    }
    Heard ask(const std::vector<std::string>& words) { return ask(shim::Wish::guarded, words); }

    /// The same by a process that `become` has made another; its exit: the reply's, 99 when it was hung up
    /// on.
    template <class Become>
    int ask_as(Become become, shim::Wish wish, const std::vector<std::string>& words) {
        const pid_t child = sys::check(::fork(), "fork");
        if (child == 0) {
            become();
            const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
            const sockaddr_un name = address();
            if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) ::_exit(98);
            const std::string bytes = request(wish, words);
            if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) ::_exit(99);
            shim::Reply reply;
            const bool answered =
                ::recv(fd, &reply, sizeof reply, MSG_WAITALL) == static_cast<ssize_t>(sizeof reply);
            ::_exit(answered ? reply.exit : 99);
        }
        const int pidfd = static_cast<int>(::syscall(434 /* pidfd_open */, child, 0));
        EXPECT_TRUE(serve_until_readable(pidfd));
        ::close(pidfd);
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::optional<policy::GuardedCommands> commands_;
    border::CalledCommands called_;
    border::Allowance allowance_;
    std::optional<border::Broker> broker_;
    std::chrono::steady_clock::duration longest_{};
};

TEST_F(BrokerTest, AQuestionIsAnsweredByTheHelper) {
    const Heard heard = ask({"ask", "me", "now"});
    EXPECT_EQ(heard.exit, 0);
    EXPECT_EQ(heard.output, "answer ask me now\n");
    const Heard failed = ask({"ask", "fail"});
    EXPECT_EQ(failed.exit, 3);
    EXPECT_EQ(failed.error, "no\n");
    EXPECT_EQ(ask({"ask", "die"}).exit, 137);
    EXPECT_THAT(broker_->take(), IsEmpty());
}

TEST_F(BrokerTest, AQuestionThatHangsHoldsUpNobodyAndIsGivenUp) {
    const auto started = std::chrono::steady_clock::now();
    const sys::UniqueFd hanging = connect();
    send(hanging, request(shim::Wish::guarded, {"ask", "hang"}));
    EXPECT_EQ(ask({"ask", "other"}).output, "answer ask other\n");
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{5});
    const Heard heard = hear(hanging);
    EXPECT_EQ(heard.exit, 124);
    EXPECT_EQ(heard.output, "begun\n");
    EXPECT_THAT(heard.error, HasSubstr("the host did not answer 'ask hang' within 10 s"));
    EXPECT_LT(longest_, std::chrono::seconds{1}) << "it must never wait";
}

TEST_F(BrokerTest, AnAnswerWithoutEndIsCutAndSaysSo) {
    const Heard heard = ask({"ask", "flood"});
    EXPECT_EQ(heard.exit, 125);
    EXPECT_EQ(heard.output.size(), std::size_t{1} << 20);
    EXPECT_THAT(heard.error, HasSubstr("the answer of the host to 'ask flood' is longer than 1 MiB"));
}

TEST_F(BrokerTest, WhoGoesAwayTakesTheQuestionWithIt) {
    sys::UniqueFd gone = connect();
    send(gone, request(shim::Wish::guarded, {"ask", "hang"}));
    EXPECT_FALSE(serve_until_readable(gone.get(), std::chrono::milliseconds{300}));
    gone.reset();
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(ask({"ask", "x"}).exit, 0);
    broker_.reset(); // waits for what is still running
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{5});
}

TEST_F(BrokerTest, ManyQuestionsAtOnceAreAllAnswered) {
    std::vector<sys::UniqueFd> clients;
    for (int i = 0; i < 40; ++i) {
        clients.push_back(connect());
        send(clients.back(), request(shim::Wish::guarded, {"ask", std::to_string(i)}));
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
        EXPECT_EQ(hear(clients[i]).output, "answer ask " + std::to_string(i) + "\n");
}

TEST_F(BrokerTest, AnActionComesWithItsContext) {
    EXPECT_EQ(ask(shim::Wish::guarded, {"/sbin/order", "do", "it"}, "/usr").exit, 0);
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].what, Asked::What::action);
    EXPECT_THAT(asked[0].argv, ElementsAre("order", "do", "it"));
    EXPECT_EQ(asked[0].context.directory, "/usr");
    EXPECT_EQ(asked[0].context.umask, 027U);
    EXPECT_THAT(asked[0].context.environment, ElementsAre("KEPT=1"));
    EXPECT_FALSE(asked[0].context.input);
}

TEST_F(BrokerTest, OnlyAnActionThatReadsItsInputIsAskedForIt) {
    const sys::UniqueFd fd = connect();
    send(fd, request(shim::Wish::guarded, {"order", "load"}));
    ASSERT_EQ(hear(fd).what, What::input);
    EXPECT_THAT(broker_->take(), IsEmpty());
    const std::uint32_t size = 5, end = 0;
    send(fd, {reinterpret_cast<const char*>(&size), sizeof size});
    send(fd, "rules");
    send(fd, {reinterpret_cast<const char*>(&end), sizeof end});
    EXPECT_EQ(hear(fd).exit, 0);
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].context.input, "rules");
}

TEST_F(BrokerTest, ACommandThatDecidesItselfIsRunFirst) {
    called_.note(::getpid(), {"invoke", "/usr/sbin/invoke"});
    const auto with_nul = [](std::initializer_list<const char*> words) {
        std::string text;
        for (const char* word : words) text.append(word).push_back('\0');
        return text;
    };
    const Heard first = ask({"invoke", "x"});
    EXPECT_EQ(first.what, What::decide);
    EXPECT_EQ(first.output, with_nul({"/usr/sbin/invoke", "invoke", "-q", "x"}));
    EXPECT_THAT(broker_->take(), IsEmpty());
    const auto decided = [&](int verdict) {
        const sys::UniqueFd fd = connect();
        send(fd, request(shim::Wish::guarded, {"invoke", "x"}, "/", verdict));
        return hear(fd);
    };
    const Heard no = decided(0);
    EXPECT_EQ(no.what, What::run);
    EXPECT_EQ(no.output, with_nul({"/usr/sbin/invoke"}));
    EXPECT_THAT(broker_->take(), IsEmpty());
    const Heard yes = decided(5);
    EXPECT_EQ(yes.what, What::end);
    EXPECT_EQ(yes.exit, 0);
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_THAT(asked[0].argv, ElementsAre("invoke", "-f", "x"));
}

TEST_F(BrokerTest, AnActionWhoseInputIsATerminalIsRefused) {
    const sys::UniqueFd fd = connect();
    send(fd, request(shim::Wish::guarded, {"order", "load"}));
    ASSERT_EQ(hear(fd).what, What::input);
    const std::uint32_t terminal = shim::input_is_terminal;
    send(fd, {reinterpret_cast<const char*>(&terminal), sizeof terminal});
    const Heard heard = hear(fd);
    EXPECT_EQ(heard.exit, 1);
    EXPECT_THAT(heard.error, HasSubstr("order load: its standard input is a terminal"));
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].what, Asked::What::refused);
}

TEST_F(BrokerTest, AnUnknownFormIs69AndNamesTheLineToAdd) {
    const Heard heard = ask({"systemctl", "frobnicate"});
    EXPECT_EQ(heard.exit, 69);
    EXPECT_THAT(heard.error, HasSubstr("/etc/disco/policy/guarded.d"));
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].what, Asked::What::refused);
    EXPECT_THAT(asked[0].reason, HasSubstr("/etc/disco/policy/guarded.d"));
}

TEST_F(BrokerTest, AVeryLongCommandIsToldShortly) {
    broker_.reset();
    start(border::Broker::Mode::noop);
    const Heard heard = ask(shim::Wish::defer, {"echo", std::string(900'000, 'x')});
    EXPECT_EQ(heard.exit, 0);
    EXPECT_LT(heard.error.size(), 1100U);
    EXPECT_THAT(heard.error, testing::AllOf(HasSubstr("Would execute: echo xxx"), testing::EndsWith("…\n")));
    EXPECT_EQ(broker_->take().at(0).argv.at(1).size(), 900'000U);
}

TEST_F(BrokerTest, WhatIsPendingAnswersForTheMachine) {
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "answer systemctl is-active -- x\n");
    EXPECT_EQ(ask({"systemctl", "start", "x"}).exit, 0);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "active\n");
    const Heard both = ask({"systemctl", "is-active", "x", "y"});
    EXPECT_EQ(both.exit, 69);
    EXPECT_THAT(both.error, HasSubstr("it depends on 'systemctl start x'"));
}

TEST_F(BrokerTest, WhatIsNotGoingToBeRunAnswersNothing) {
    broker_->count_actions(false);
    EXPECT_EQ(ask({"systemctl", "start", "x"}).exit, 0);
    EXPECT_EQ(broker_->take().size(), 1U);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "answer systemctl is-active -- x\n");
    broker_->count_actions(true);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "answer systemctl is-active -- x\n");
    EXPECT_EQ(ask({"systemctl", "start", "x"}).exit, 0);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "active\n");
}

TEST_F(BrokerTest, WhatAnEarlierActionChangesIsNotAskedOfTheMachine) {
    EXPECT_EQ(ask({"ask", "something"}).output, "answer ask something\n");
    EXPECT_EQ(ask({"order", "do", "something"}).exit, 0);
    EXPECT_EQ(ask({"ask", "something"}).output, "answer ask something\n") << "they have nothing in common";
    EXPECT_EQ(ask({"both", "do", "something"}).exit, 0);
    static_cast<void>(broker_->take());
    const Heard refused = ask({"both", "ask"});
    EXPECT_EQ(refused.exit, 69);
    EXPECT_THAT(refused.error, HasSubstr("it depends on 'both do something'"));
    const std::vector<Asked> asked = broker_->take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].what, Asked::What::refused);
    EXPECT_THAT(asked[0].reason, HasSubstr("disco-defer"));
}

TEST_F(BrokerTest, WhatModulesBeforeAskedForIsPendingToo) {
    std::vector<model::Action> earlier(1);
    earlier[0].argv = {"both", "do", "it"};
    earlier[0].effects.changes = {{"both"}};
    broker_->know_of(earlier);
    const Heard refused = ask({"both", "ask"});
    EXPECT_EQ(refused.exit, 69);
    EXPECT_THAT(refused.error, HasSubstr("'both do it'"));
}

TEST_F(BrokerTest, AnActionOnAFileThatWillBeGoneIsRefused) {
    put("/tmp/disco-broker-test", "x");
    const Heard heard = ask(shim::Wish::defer, {"cp", "/tmp/disco-broker-test", "/etc/x"});
    EXPECT_EQ(heard.exit, 1);
    EXPECT_THAT(heard.error, HasSubstr("'/tmp/disco-broker-test' is in a directory of the sandbox's own"));
    EXPECT_EQ(ask(shim::Wish::defer, {"cat", "disco-broker-test"}, "/tmp").exit, 1);
    fs::remove("/tmp/disco-broker-test");
    EXPECT_EQ(ask(shim::Wish::defer, {"touch", "/tmp/disco-broker-test"}, "/tmp/x").exit, 0);
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked[2].context.directory, "/");
}

TEST_F(BrokerTest, OtherUsersMayAskQuestionsOnly) {
    const auto somebody = [] {
        if (::setgid(1234) != 0 || ::setuid(1234) != 0) ::_exit(97);
    };
    EXPECT_EQ(ask_as(somebody, shim::Wish::guarded, {"ask", "me"}), 0);
    EXPECT_THAT(broker_->take(), IsEmpty());
    EXPECT_EQ(ask_as(somebody, shim::Wish::defer, {"id"}), 1);
    EXPECT_EQ(ask_as(somebody, shim::Wish::guarded, {"order", "do", "it"}), 1);
    const auto asked = broker_->take();
    ASSERT_EQ(asked.size(), 2U);
    for (const Asked& each : asked) {
        EXPECT_EQ(each.what, Asked::What::refused);
        EXPECT_THAT(each.reason, HasSubstr("user 1234 asked for it"));
    }
}

TEST_F(BrokerTest, ProcessesOfElsewhereAreNotHeard) {
    const auto elsewhere = [] {
        if (::unshare(CLONE_NEWPID) != 0) ::_exit(97);
        const pid_t child = ::fork();
        if (child == 0) return; // in a process namespace of its own
        int status = 0;
        ::waitpid(child, &status, 0);
        ::_exit(WEXITSTATUS(status));
    };
    EXPECT_EQ(ask_as(elsewhere, shim::Wish::guarded, {"ask", "me"}), 99);
    EXPECT_EQ(ask_as(elsewhere, shim::Wish::defer, {"id"}), 99);
    EXPECT_THAT(broker_->take(), IsEmpty());
}

/// By /proc/PID/root, from the same process namespace.
TEST_F(BrokerTest, OnlyWhoDescendsFromTheListenerIsHeard) {
    broker_.reset();
    broker_.emplace(*commands_, border::Host{"/", place() / "helper", {}}, border::Broker::Mode::live,
                    called_, allowance_);
    int line[2] = {-1, -1};
    ASSERT_EQ(::pipe2(line, O_CLOEXEC), 0);
    const pid_t first = sys::check(::fork(), "fork");
    if (first == 0) {
        const sockaddr_un name = address();
        ::unlink(name.sun_path);
        if (::bind(broker_->socket(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
            ::listen(broker_->socket(), 64) != 0)
            ::_exit(97);
        const auto asks = [&](std::string_view word) {
            const sys::UniqueFd fd = connect();
            const std::string bytes = request(shim::Wish::guarded, {"ask", std::string{word}});
            shim::Reply reply;
            return ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0 &&
                   ::recv(fd.get(), &reply, sizeof reply, MSG_WAITALL) == ssize_t{sizeof reply} &&
                   reply.exit == 0;
        };
        if (::write(line[1], "x", 1) != 1 || !asks("me")) ::_exit(96);
        const pid_t child = ::fork();
        if (child == 0) ::_exit(asks("child") ? 0 : 95);
        int status = 0;
        ::waitpid(child, &status, 0);
        ::_exit(WEXITSTATUS(status));
    }
    char byte = 0;
    ASSERT_EQ(::read(line[0], &byte, 1), 1); // it listens
    EXPECT_EQ(ask({"ask", "me"}).exit, -1) << "the listener's parent must be hung up on";
    const int pidfd = static_cast<int>(::syscall(434 /* pidfd_open */, first, 0));
    EXPECT_TRUE(serve_until_readable(pidfd));
    ::close(pidfd);
    int status = 0;
    ::waitpid(first, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    for (const int end : line) ::close(end);
}

TEST_F(BrokerTest, NonsenseIsHungUpOn) {
    for (const std::string& bytes : {std::string(100, 'x'), std::string(3 << 20, '\0')}) {
        const sys::UniqueFd fd = connect();
        for (std::size_t at = 0; at < bytes.size();) { // as much as it takes
            const ssize_t sent =
                ::send(fd.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) at += static_cast<std::size_t>(sent);
            broker_->serve();
            if (sent < 0 && errno != EAGAIN) break;
        }
        EXPECT_EQ(hear(fd).exit, -1);
    }
    EXPECT_EQ(ask({"ask", "me"}).exit, 0);
}

TEST_F(BrokerTest, DescriptorsAreNotReceived) {
    const sys::UniqueFd fd = connect();
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::string bytes = request(shim::Wish::guarded, {"ask", "me"});
    iovec part = {bytes.data(), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* heading = CMSG_FIRSTHDR(&message);
    heading->cmsg_level = SOL_SOCKET;
    heading->cmsg_type = SCM_RIGHTS;
    heading->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(heading), &ends[1], sizeof(int));
    ASSERT_GT(::sendmsg(fd.get(), &message, 0), 0);
    ::close(ends[1]);
    EXPECT_EQ(hear(fd).exit, 0);
    char byte = 0; // nobody has the other end any more
    struct pollfd wait = {ends[0], POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 1000), 1);
    EXPECT_EQ(::read(ends[0], &byte, 1), 0);
    ::close(ends[0]);
}

TEST_F(BrokerTest, WhatIsKeptIsBoundedAndThatIsToldOnce) {
    const std::string big(900'000, 'x');
    int refused = 0;
    for (int i = 0; i < 80; ++i)
        if (ask(shim::Wish::defer, {"echo", big}).exit != 0) ++refused;
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 20);
    const auto asked = broker_->take();
    std::size_t told = 0, bytes = 0;
    for (const Asked& each : asked) {
        if (each.what == Asked::What::refused) ++told;
        for (const std::string& word : each.argv) bytes += word.size();
    }
    EXPECT_EQ(told, 1U);
    EXPECT_LE(bytes, border::Allowance::most_bytes);
}

TEST_F(BrokerTest, MoreClientsThanCanBeHeardWait) {
    std::vector<sys::UniqueFd> silent;
    for (int i = 0; i < 64; ++i) silent.push_back(connect());
    const sys::UniqueFd waiting = connect();
    send(waiting, request(shim::Wish::guarded, {"ask", "me"}));
    EXPECT_FALSE(serve_until_readable(waiting.get(), std::chrono::milliseconds{200}));
    silent.clear();
    EXPECT_EQ(hear(waiting).output, "answer ask me\n");
}

} // namespace
} // namespace disco::tests
