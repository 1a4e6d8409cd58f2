#include "runner/run/old_runs.hpp"
#include "tests/support/throw_away.hpp"

#include <filesystem>

#include <gmock/gmock.h>

namespace disco::run {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class OldRuns : public testing::Test {
protected:
    void report(const std::string& run, std::size_t bytes) {
        tests::put(state_.runs() / run / "report.json", std::string(bytes - 2, ' ') + "}\n");
    }
    /// Its merge can be rolled back.
    void undo(const std::string& run) {
        fs::create_directories(state_.undo() / run / "data");
        tests::put(state_.undo() / run / "record", "");
    }
    [[nodiscard]] std::vector<std::string> left() const { return recorded_runs(state_); }

    sys::OwnedDirectory place_{fs::temp_directory_path(), "disco-old-runs-"};
    StateDirectory state_{place_.path() / "state"};
};

TEST_F(OldRuns, TheNewestReportsStay) {
    for (const char* run : {"1", "2", "3", "4"}) report(run, 10);
    prune_reports(state_, "4", {.runs = 4, .bytes = 1000});
    EXPECT_THAT(left(), ElementsAre("1", "2", "3", "4"));
    prune_reports(state_, "4", {.runs = 2, .bytes = 1000});
    EXPECT_THAT(left(), ElementsAre("3", "4"));
}

TEST_F(OldRuns, WhatCanBeRolledBackStays) {
    for (const char* run : {"1", "2", "3", "4"}) report(run, 10);
    undo("1");
    undo("3");
    prune_reports(state_, "4", {.runs = 2, .bytes = 1000});
    EXPECT_THAT(left(), ElementsAre("1", "3", "4"));
}

TEST_F(OldRuns, LargeReportsLeaveRoomForFewer) {
    for (const char* run : {"1", "2", "3"}) report(run, 100);
    report("4", 500);
    prune_reports(state_, "4", {.runs = 10, .bytes = 700});
    EXPECT_THAT(left(), ElementsAre("2", "3", "4"));
    prune_reports(state_, "4", {.runs = 10, .bytes = 50});
    EXPECT_THAT(left(), ElementsAre("4")) << "the one that was just written";
}

TEST_F(OldRuns, VerboseReportsCount) {
    for (const char* run : {"1", "2", "3", "4"}) report(run, 10);
    tests::put(state_.runs() / "4/verbose.json", std::string(498, ' ') + "}\n");
    prune_reports(state_, "4", {.runs = 10, .bytes = 525});
    EXPECT_THAT(left(), ElementsAre("3", "4"));
}

TEST_F(OldRuns, TheWholeReportIsTheVerboseOneWhereItIsWhole) {
    report("1", 10);
    EXPECT_EQ(whole_report(state_, "1"), state_.runs() / "1/report.json");
    tests::put(state_.runs() / "1/verbose.json", "{ broken off");
    EXPECT_EQ(whole_report(state_, "1"), state_.runs() / "1/report.json");
    tests::put(state_.runs() / "1/verbose.json", "{}\n");
    EXPECT_EQ(whole_report(state_, "1"), state_.runs() / "1/verbose.json");
}

/// Two runs may end at the same time, and this one may not be the one that began last.
TEST_F(OldRuns, LaterOnesStay) {
    for (const char* run : {"1", "2", "3", "4"}) report(run, 10);
    prune_reports(state_, "2", {.runs = 1, .bytes = 1000});
    EXPECT_THAT(left(), ElementsAre("2", "3", "4"));
}

TEST_F(OldRuns, WhatAKilledRunHasLeftOfAReportGoesToo) {
    fs::create_directories(state_.runs() / "1");
    tests::put(state_.runs() / "2/report.json.new", "{");
    report("3", 10);
    report("4", 10);
    prune_reports(state_, "4", {.runs = 2, .bytes = 1000});
    EXPECT_FALSE(fs::exists(state_.runs() / "1"));
    EXPECT_FALSE(fs::exists(state_.runs() / "2"));
    EXPECT_THAT(left(), ElementsAre("3", "4"));
}

} // namespace
} // namespace disco::run
