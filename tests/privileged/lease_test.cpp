// Whoever owns a file may take a lease on it, and so keep others from opening it.

#include "runner/overlay/upperdir_scan.hpp"
#include "runner/sys/leased_file.hpp"
#include "tests/support/layered_tree.hpp"
#include "tests/support/lease_holder.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>

#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using sys::LeasePatience;
using testing::HasSubstr;
using testing::IsEmpty;

class Lease : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directory(place() / "scratch");
        put(file(), "theirs");
        LeasePatience::of_process() = LeasePatience{10s};
    }
    fs::path live() const { return place() / "live"; }
    fs::path file() const { return live() / "home/user/x"; }
    static void lose_patience() { LeasePatience::of_process() = LeasePatience{100ms}; }

    /// What a scan meets.
    static model::Conflict conflict_of(LayeredTree& tree, const std::string& script) {
        try {
            (void)tree.layer(script);
        } catch (const overlay::ChangedMeanwhile& error) {
            return error.conflict();
        }
        ADD_FAILURE() << "no conflict";
        return {};
    }
};

TEST_F(Lease, IsWaitedFor) {
    LayeredTree tree{live(), place() / "scratch"};
    const LeaseHolder holder{file(), 200ms};
    (void)tree.layer("rm home/user/x");
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(Lease, ThatIsKeptIsAConflictOfThatFile) {
    for (const char* script :
         {"rm home/user/x", "rm -r home/user", "rm home/user/x; echo ours > home/user/x"}) {
        LayeredTree tree{live(), place() / "scratch"};
        const LeaseHolder holder{file(), 60s};
        lose_patience();
        const model::Conflict conflict = conflict_of(tree, script);
        EXPECT_EQ(conflict.path, "/home/user/x");
        EXPECT_THAT(conflict.found, HasSubstr("somebody has a lease on it"));
        fs::remove_all(place() / "scratch/layers");
    }
    EXPECT_EQ(sys::read_file(file()), "theirs");
}

TEST_F(Lease, TakenRightBeforeTheMergeIsOneToo) {
    LayeredTree tree{live(), place() / "scratch"};
    (void)tree.layer("chmod 600 home/user/x; echo new > new");
    const LeaseHolder holder{file(), 60s};
    lose_patience();
    const model::MergeReport report = tree.merge();
    ASSERT_EQ(report.conflicts.size(), 1U);
    EXPECT_EQ(report.conflicts.front().path, "/home/user/x");
    EXPECT_THAT(report.conflicts.front().found, HasSubstr("somebody has a lease on it"));
    EXPECT_FALSE(fs::exists(live() / "new"));
    EXPECT_EQ(sys::stat_path(file())->st_mode & 07777, 0644U);
    EXPECT_TRUE(fs::is_empty(place() / "scratch/undo"));
}

/// What a merge has looked at it does not open again, also not to take it back.
TEST_F(Lease, TakenLaterStandsInNoWay) {
    LayeredTree tree{live(), place() / "scratch"};
    (void)tree.layer("chmod 600 home/user/x");
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    const LeaseHolder holder{file(), 60s};
    lose_patience();
    EXPECT_THAT(tree.roll_back("run", "back").conflicts, IsEmpty());
    EXPECT_EQ(sys::stat_path(file())->st_mode & 07777, 0644U);
}

} // namespace
} // namespace disco::tests
