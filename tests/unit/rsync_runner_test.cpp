#include "runner/fetch/rsync_runner.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// In the place of rsync: a shell that is given this to do.
RsyncRunner runner_of(const std::string& shell_text, std::chrono::seconds limit) {
    FetchSettings settings;
    settings.server = parse_server_uri("rsync://h/u");
    settings.rsync = {"/bin/sh", "-c", shell_text, "sh"};
    settings.limit = limit;
    return RsyncRunner{settings};
}

std::vector<RsyncJob> jobs(std::size_t count) {
    std::vector<RsyncJob> jobs;
    for (std::size_t i = 0; i < count; ++i) {
        jobs.push_back({{}, "module '" + std::to_string(i) + "'"});
        jobs.back().call.source = "h::u/modules";
        jobs.back().call.destination = "/nowhere";
    }
    return jobs;
}

class Seconds {
public:
    [[nodiscard]] double passed() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

TEST(RsyncRunner, EndsARunThatTakesAllOfTheLimit) {
    RsyncRunner runner = runner_of("echo slow >&2; sleep 20", 1s);
    const Seconds seconds;
    const auto answers = runner.run(jobs(1), 1);
    EXPECT_LT(seconds.passed(), 10);
    ASSERT_TRUE(answers[0].failure);
    EXPECT_EQ(answers[0].failure->kind, FailureKind::unreachable);
    EXPECT_THAT(answers[0].failure->message,
                AllOf(HasSubstr("cannot fetch module '0' from 'rsync://h/u'"),
                      HasSubstr("after 1 seconds, its limit"), HasSubstr("disco/client/fetch_limit"),
                      HasSubstr("(rsync: slow)")));
}

/// Each of them, and each repetition, is fast enough alone.
TEST(RsyncRunner, TheLimitIsOfAllRunsAndRepetitionsTogether) {
    RsyncRunner runner = runner_of("sleep 0.7; echo '@ERROR: max connections (1) reached' >&2; exit 5", 2s);
    const Seconds seconds;
    const auto answers = runner.run(jobs(2), 1); // 1.4 s, and then again
    EXPECT_LT(seconds.passed(), 3);
    EXPECT_EQ(answers.size(), 2U);
    for (const RsyncAnswer& answer : answers) {
        ASSERT_TRUE(answer.failure);
        EXPECT_EQ(answer.failure->kind, FailureKind::unreachable);
        EXPECT_THAT(answer.failure->message, HasSubstr("disco/client/fetch_limit"));
    }
    // What comes later in the same fetch is not begun.
    const auto later = runner.run(jobs(3), 8);
    EXPECT_LT(seconds.passed(), 4);
    for (const RsyncAnswer& answer : later) {
        ASSERT_TRUE(answer.failure);
        EXPECT_THAT(answer.failure->message, AllOf(HasSubstr("fetch_limit"), Not(HasSubstr("rsync: "))));
    }
}

TEST(RsyncRunner, WithinTheLimitNothingIsEnded) {
    RsyncRunner runner = runner_of("echo done", 60s);
    for (const RsyncAnswer& answer : runner.run(jobs(3), 2)) {
        EXPECT_FALSE(answer.failure);
        EXPECT_EQ(answer.output, "done\n");
    }
}

} // namespace
} // namespace disco::fetch
