// What the broker says to shims: answers of the machine, actions noted, what depends on what is pending.

#include "tests/support/scripted_broker.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
namespace shim = policy::shim;
using border::GuardedRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using ReplyKind = shim::Reply::Kind;

TEST_F(BrokerTest, AQuestionIsAnsweredByTheHelper) {
    const Heard heard = ask({"ask", "me", "now"});
    EXPECT_EQ(heard.exit, 0);
    EXPECT_EQ(heard.output, "answer ask me now\n");
    const Heard failed = ask({"ask", "fail"});
    EXPECT_EQ(failed.exit, 3);
    EXPECT_EQ(failed.error, "no\n");
    EXPECT_EQ(ask({"ask", "die"}).exit, 137);
    EXPECT_THAT(broker().take(), IsEmpty());
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
    EXPECT_LT(longest(), std::chrono::seconds{1}) << "it must never wait";
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
    end_broker(); // waits for what is still running
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
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].kind, GuardedRequest::Kind::action);
    EXPECT_THAT(asked[0].argv, ElementsAre("order", "do", "it"));
    EXPECT_EQ(asked[0].context.directory, "/usr");
    EXPECT_EQ(asked[0].context.umask, 027U);
    EXPECT_THAT(asked[0].context.environment, ElementsAre("KEPT=1"));
    EXPECT_FALSE(asked[0].context.input);
}

TEST_F(BrokerTest, OnlyAnActionThatReadsItsInputIsAskedForIt) {
    const sys::UniqueFd fd = connect();
    send(fd, request(shim::Wish::guarded, {"order", "load"}));
    ASSERT_EQ(hear(fd).kind, ReplyKind::input);
    EXPECT_THAT(broker().take(), IsEmpty());
    const std::uint32_t size = 5, end = 0;
    send(fd, {reinterpret_cast<const char*>(&size), sizeof size});
    send(fd, "rules");
    send(fd, {reinterpret_cast<const char*>(&end), sizeof end});
    EXPECT_EQ(hear(fd).exit, 0);
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].context.input, "rules");
}

TEST_F(BrokerTest, ACommandThatDecidesItselfIsRunFirst) {
    called().note(::getpid(), {"invoke", "/usr/sbin/invoke"});
    const auto with_nul = [](std::initializer_list<const char*> words) {
        std::string text;
        for (const char* word : words) text.append(word).push_back('\0');
        return text;
    };
    const Heard first = ask({"invoke", "x"});
    EXPECT_EQ(first.kind, ReplyKind::decide);
    EXPECT_EQ(first.output, with_nul({"/usr/sbin/invoke", "invoke", "-q", "x"}));
    EXPECT_THAT(broker().take(), IsEmpty());
    const auto decided = [&](int verdict) {
        const sys::UniqueFd fd = connect();
        send(fd, request(shim::Wish::guarded, {"invoke", "x"}, "/", verdict));
        return hear(fd);
    };
    const Heard no = decided(0);
    EXPECT_EQ(no.kind, ReplyKind::run);
    EXPECT_EQ(no.output, with_nul({"/usr/sbin/invoke"}));
    EXPECT_THAT(broker().take(), IsEmpty());
    const Heard yes = decided(5);
    EXPECT_EQ(yes.kind, ReplyKind::end);
    EXPECT_EQ(yes.exit, 0);
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_THAT(asked[0].argv, ElementsAre("invoke", "-f", "x"));
}

TEST_F(BrokerTest, AnActionWhoseInputIsATerminalIsRefused) {
    const sys::UniqueFd fd = connect();
    send(fd, request(shim::Wish::guarded, {"order", "load"}));
    ASSERT_EQ(hear(fd).kind, ReplyKind::input);
    const std::uint32_t terminal = shim::input_is_terminal;
    send(fd, {reinterpret_cast<const char*>(&terminal), sizeof terminal});
    const Heard heard = hear(fd);
    EXPECT_EQ(heard.exit, 1);
    EXPECT_THAT(heard.error, HasSubstr("order load: its standard input is a terminal"));
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].kind, GuardedRequest::Kind::refused);
}

TEST_F(BrokerTest, AnUnknownFormIs69AndNamesTheLineToAdd) {
    const Heard heard = ask({"systemctl", "frobnicate"});
    EXPECT_EQ(heard.exit, 69);
    EXPECT_THAT(heard.error, HasSubstr("/etc/disco/policy/guarded.d"));
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].kind, GuardedRequest::Kind::refused);
    EXPECT_THAT(asked[0].reason, HasSubstr("/etc/disco/policy/guarded.d"));
}

TEST_F(BrokerTest, AVeryLongCommandIsToldShortly) {
    start(border::Broker::Mode::noop);
    const Heard heard = ask(shim::Wish::defer, {"echo", std::string(900'000, 'x')});
    EXPECT_EQ(heard.exit, 0);
    EXPECT_LT(heard.error.size(), 1100U);
    EXPECT_THAT(heard.error, HasSubstr("Would execute: echo …\n"));
    EXPECT_EQ(broker().take().at(0).argv.at(1).size(), 900'000U);
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
    broker().count_actions(false);
    EXPECT_EQ(ask({"systemctl", "start", "x"}).exit, 0);
    EXPECT_EQ(broker().take().size(), 1U);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "answer systemctl is-active -- x\n");
    broker().count_actions(true);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "answer systemctl is-active -- x\n");
    EXPECT_EQ(ask({"systemctl", "start", "x"}).exit, 0);
    EXPECT_EQ(ask({"systemctl", "is-active", "x"}).output, "active\n");
}

TEST_F(BrokerTest, WhatAnEarlierActionChangesIsNotAskedOfTheMachine) {
    EXPECT_EQ(ask({"ask", "something"}).output, "answer ask something\n");
    EXPECT_EQ(ask({"order", "do", "something"}).exit, 0);
    EXPECT_EQ(ask({"ask", "something"}).output, "answer ask something\n") << "they have nothing in common";
    EXPECT_EQ(ask({"both", "do", "something"}).exit, 0);
    static_cast<void>(broker().take());
    const Heard refused = ask({"both", "ask"});
    EXPECT_EQ(refused.exit, 69);
    EXPECT_THAT(refused.error, HasSubstr("it depends on 'both do something'"));
    const std::vector<GuardedRequest> asked = broker().take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].kind, GuardedRequest::Kind::refused);
    EXPECT_THAT(asked[0].reason, HasSubstr("disco-defer"));
}

TEST_F(BrokerTest, WhatModulesBeforeAskedForIsPendingToo) {
    std::vector<model::Action> earlier(1);
    earlier[0].argv = {"both", "do", "it"};
    earlier[0].effects.changes = {{"both"}};
    broker().know_of(earlier);
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
    const auto asked = broker().take();
    ASSERT_EQ(asked.size(), 3U);
    EXPECT_EQ(asked[2].context.directory, "/");
}

} // namespace
} // namespace disco::tests
