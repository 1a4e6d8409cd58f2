#include "runner/sys/error.hpp"
#include "runner/sys/parts.hpp"

#include <atomic>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>

namespace disco::sys {
namespace {

class InParts : public testing::TestWithParam<std::size_t> {};

TEST_P(InParts, EachIsDoneOnce) {
    std::vector<std::atomic<int>> done(GetParam());
    in_parts(GetParam(), [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++done[i];
    });
    EXPECT_TRUE(std::all_of(done.begin(), done.end(), [](const auto& times) { return times == 1; }));
}

INSTANTIATE_TEST_SUITE_P(Of, InParts, testing::Values(0, 1, 1999, 2000, 4001, 100'003));

TEST(InPartsThatFail, TheFirstOnesFailureIsThrownWhenAllHaveEnded) {
    constexpr std::size_t count = 100'000;
    std::atomic<std::size_t> seen = 0;
    try {
        in_parts(count, [&](std::size_t begin, std::size_t end) {
            seen += end - begin;
            throw Error{begin == 0 ? "the first" : "another"};
        });
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "the first");
    }
    EXPECT_EQ(seen, count);
}

class SideBySide : public testing::TestWithParam<std::size_t> {};

TEST_P(SideBySide, BothAreDone) {
    std::atomic<int> first = 0, second = 0;
    side_by_side(
        GetParam(), [&] { ++first; }, [&] { ++second; });
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 1);
}
TEST_P(SideBySide, WhatFailsIsThrown) {
    EXPECT_THROW(side_by_side(
                     GetParam(), [] { throw Error{"the first"}; }, [] {}),
                 Error);
    EXPECT_THROW(side_by_side(
                     GetParam(), [] {}, [] { throw Error{"the second"}; }),
                 Error);
}

INSTANTIATE_TEST_SUITE_P(Of, SideBySide, testing::Values(1, worth_a_thread));

TEST(SideBySideOfMany, TheFirstsFailureIsThrownAfterBothHaveEnded) {
    std::atomic<bool> second_ended = false;
    try {
        side_by_side(
            worth_a_thread, [] { throw Error{"the first"}; },
            [&] {
                second_ended = true;
                throw Error{"the second"};
            });
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "the first");
    }
    EXPECT_TRUE(second_ended);
}

} // namespace
} // namespace disco::sys
