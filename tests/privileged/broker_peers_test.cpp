// Who speaks to the broker: users other than root, processes of elsewhere, those who are silent, many, or
// talk nonsense.

#include "tests/payloads/send_with_descriptor.hpp"
#include "tests/support/scripted_broker.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>

namespace disco::tests {
namespace {

namespace shim = policy::shim;
using border::GuardedRequest;
using testing::HasSubstr;
using testing::IsEmpty;

class BrokerPeers : public BrokerTest {};

TEST_F(BrokerPeers, OtherUsersMayAskQuestionsOnly) {
    const auto somebody = [] {
        if (::setgid(1234) != 0 || ::setuid(1234) != 0) ::_exit(97);
    };
    EXPECT_EQ(ask_as(somebody, shim::Wish::guarded, {"ask", "me"}), 0);
    EXPECT_THAT(broker().take(), IsEmpty());
    EXPECT_EQ(ask_as(somebody, shim::Wish::defer, {"id"}), 1);
    EXPECT_EQ(ask_as(somebody, shim::Wish::guarded, {"order", "do", "it"}), 1);
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 2U);
    for (const GuardedRequest& each : asked) {
        EXPECT_EQ(each.kind, GuardedRequest::Kind::refused);
        EXPECT_THAT(each.reason, HasSubstr("user 1234 asked for it"));
    }
}

TEST_F(BrokerPeers, ProcessesOfElsewhereAreNotHeard) {
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
    EXPECT_THAT(broker().take(), IsEmpty());
}

/// By /proc/PID/root, from the same process namespace.
TEST_F(BrokerPeers, OnlyWhoDescendsFromTheListenerIsHeard) {
    make(border::Broker::Mode::live);
    int line[2] = {-1, -1};
    ASSERT_EQ(::pipe2(line, O_CLOEXEC), 0);
    const pid_t first = sys::check(::fork(), "fork");
    if (first == 0) {
        listen();
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
    EXPECT_EQ(serve_until_ended(first), 0);
    for (const int end : line) ::close(end);
}

TEST_F(BrokerPeers, NonsenseIsHungUpOn) {
    for (const std::string& bytes : {std::string(100, 'x'), std::string(3 << 20, '\0')}) {
        const sys::UniqueFd fd = connect();
        for (std::size_t at = 0; at < bytes.size();) { // as much as it takes
            const ssize_t sent =
                ::send(fd.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) at += static_cast<std::size_t>(sent);
            broker().serve();
            if (sent < 0 && errno != EAGAIN) break;
        }
        EXPECT_EQ(hear(fd).exit, -1);
    }
    EXPECT_EQ(ask({"ask", "me"}).exit, 0);
}

/// In the middle of a heading, of the words, of its standard input.
TEST_F(BrokerPeers, WhoFallsSilentHoldsUpNobody) {
    const std::string whole = request(shim::Wish::guarded, {"ask", "me"});
    std::vector<sys::UniqueFd> silent;
    for (const std::size_t size : {std::size_t{1}, sizeof(shim::Request) - 1, sizeof(shim::Request),
                                   whole.size() / 2, whole.size() - 1}) {
        silent.push_back(connect());
        send(silent.back(), whole.substr(0, size));
    }
    silent.push_back(connect());
    send(silent.back(), request(shim::Wish::guarded, {"order", "load"}));
    ASSERT_EQ(hear(silent.back()).kind, shim::Reply::Kind::input);
    const std::uint32_t size = 5;
    send(silent.back(), {reinterpret_cast<const char*>(&size), sizeof size});
    send(silent.back(), "rul");
    EXPECT_EQ(ask({"ask", "other"}).output, "answer ask other\n");
    EXPECT_LT(longest(), std::chrono::seconds{1}) << "it must never wait";
    EXPECT_THAT(broker().take(), IsEmpty());
    // What one of them says later counts as if it had been said at once.
    send(silent[3], whole.substr(whole.size() / 2));
    EXPECT_EQ(hear(silent[3]).output, "answer ask me\n");
    silent.clear();
    EXPECT_EQ(ask({"ask", "x"}).exit, 0);
    EXPECT_THAT(broker().take(), IsEmpty()) << "half a request is none";
}

TEST_F(BrokerPeers, DescriptorsAreNotReceived) {
    const sys::UniqueFd fd = connect();
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ASSERT_GT(send_with_descriptor(fd.get(), request(shim::Wish::guarded, {"ask", "me"}), ends[1]), 0);
    ::close(ends[1]);
    EXPECT_EQ(hear(fd).exit, 0);
    char byte = 0; // nobody has the other end any more
    struct pollfd wait = {ends[0], POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 1000), 1);
    EXPECT_EQ(::read(ends[0], &byte, 1), 0);
    ::close(ends[0]);
}

TEST_F(BrokerPeers, WhatIsKeptIsBoundedAndThatIsToldOnce) {
    const std::string big(900'000, 'x');
    int refused = 0;
    for (int i = 0; i < 80; ++i)
        if (ask(shim::Wish::defer, {"echo", big}).exit != 0) ++refused;
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 20);
    const auto asked = broker().take();
    std::size_t told = 0, bytes = 0;
    for (const GuardedRequest& each : asked) {
        if (each.kind == GuardedRequest::Kind::refused) ++told;
        for (const std::string& word : each.argv) bytes += word.size();
    }
    EXPECT_EQ(told, 1U);
    EXPECT_LE(bytes, border::Allowance::most_bytes);
}

TEST_F(BrokerPeers, MoreClientsThanCanBeHeardWait) {
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
