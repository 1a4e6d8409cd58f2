#include "runner/sandbox/readers.hpp"

#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

using std::chrono::milliseconds;

class Patience : public testing::Test {
protected:
    /// At `at` ms from the beginning.
    bool lasts(int at, const Remaining& remaining, std::uint64_t printed = 0) {
        return patience_.lasts(remaining, printed, begin_ + milliseconds{at});
    }
    ReadersPatience patience_;
    ReadersPatience::Clock::time_point begin_ = ReadersPatience::Clock::now();
    Remaining daemon_{.processes = {7}};
    Remaining finishing_{.processes = {7}, .readers = true, .finishing = true};
    Remaining fed_{.processes = {7, 8}, .readers = true};
};

TEST_F(Patience, ThereIsNoneWithDaemonsOrNobody) {
    EXPECT_FALSE(lasts(0, {}));
    EXPECT_TRUE(lasts(1, daemon_)) << "another look";
    EXPECT_FALSE(lasts(2, daemon_));
}

TEST_F(Patience, LastsWhileReadersGetOn) {
    EXPECT_TRUE(lasts(0, finishing_));
    EXPECT_TRUE(lasts(900, finishing_));
    finishing_.work = 1;
    EXPECT_TRUE(lasts(1800, finishing_));
    finishing_.processes.insert(9);
    EXPECT_TRUE(lasts(2700, finishing_));
    EXPECT_TRUE(lasts(3600, finishing_, 1));
    EXPECT_TRUE(lasts(4500, finishing_, 1));
    EXPECT_FALSE(lasts(4700, finishing_, 1));
}

TEST_F(Patience, IsLongerWhenThereIsSomethingToRead) {
    finishing_.unread = 3;
    EXPECT_TRUE(lasts(0, finishing_));
    EXPECT_TRUE(lasts(4900, finishing_));
    EXPECT_FALSE(lasts(5100, finishing_));
}

TEST_F(Patience, OfThoseWhoStartAProgramIsTheSame) {
    EXPECT_TRUE(lasts(0, finishing_));
    EXPECT_TRUE(lasts(10, fed_));
    EXPECT_TRUE(lasts(800, fed_));
}

TEST_F(Patience, IsShortWithReadersWhoseWritersLiveOn) {
    EXPECT_TRUE(lasts(0, fed_));
    EXPECT_FALSE(lasts(150, fed_));
}

TEST_F(Patience, HasAnEnd) {
    std::uint64_t printed = 0;
    int at = 0;
    while (at < 100'000 && lasts(at, fed_, ++printed)) at += 50;
    EXPECT_EQ(at, 5000);
}

TEST_F(Patience, HasAnEndWithThoseWhoAreFinishing) {
    std::uint64_t printed = 0;
    int at = 0;
    while (at < 100'000 && lasts(at, finishing_, ++printed)) at += 50;
    EXPECT_EQ(at, 60'000);
}

} // namespace
} // namespace disco::sandbox
