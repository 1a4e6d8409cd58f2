// Moments and durations as people read and write them.

#include "runner/sys/time_text.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace disco::sys {
namespace {

class TimeText : public testing::Test {
protected:
    void SetUp() override {
        ::setenv("TZ", "Europe/Berlin", 1);
        ::tzset();
    }
    void TearDown() override {
        ::unsetenv("TZ");
        ::tzset();
    }
    static constexpr std::time_t now = 1'796'040'000; // 2026-11-30T12:00:00Z
};

TEST_F(TimeText, ReadsWhatPeopleMean) {
    EXPECT_EQ(moment_meant("90s", now), now - 90);
    EXPECT_EQ(moment_meant("30m", now), now - 1800);
    EXPECT_EQ(moment_meant("12h", now), now - 43'200);
    EXPECT_EQ(moment_meant("7d", now), now - 604'800);
    EXPECT_EQ(moment_meant("2w", now), now - 1'209'600);
    EXPECT_EQ(moment_meant("2026-11-30 13:00", now), now);
    EXPECT_EQ(moment_meant("2026-11-30T13:00:05", now), now + 5);
    EXPECT_EQ(moment_meant("2026-11-30T12:00:00Z", now), now);
    EXPECT_EQ(moment_meant("2026-11-30", now), now - 46'800);
    EXPECT_EQ(moment_meant("2026-06-30 14:00", now), now - 13'219'200) << "in summer";
    for (const char* text :
         {"", "s", "yesterday", "-3d", "3 d", "2026-13-01", "2026-11-30 13:00x", "99999999999d"})
        EXPECT_EQ(moment_meant(text, now), -1) << text;
}

TEST_F(TimeText, IsForPeople) {
    EXPECT_EQ(local_time(now), "2026-11-30 13:00:00");
    EXPECT_EQ(moment_of_timestamp("2026-11-30T12:00:00Z"), now);
    EXPECT_EQ(moment_of_timestamp("2026-11-30"), -1);
    EXPECT_EQ(duration_in_words(0.0381), "38 ms");
    EXPECT_EQ(duration_in_words(0.9996), "1.0 s");
    EXPECT_EQ(duration_in_words(2.34), "2.3 s");
    EXPECT_EQ(duration_in_words(250), "4 min 10 s");
    EXPECT_EQ(duration_in_words(11'100), "3 h 5 min");
    EXPECT_EQ(duration_in_words(1'000'000), "11 days");
}

} // namespace
} // namespace disco::sys
