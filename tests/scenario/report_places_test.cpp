// Places that a report cannot be written to, and readers that go away: one line, and what the run did stays.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/mount.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ReportPlaces : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        want("m");
        module_file("m", "files/etc/x", "x\n");
    }
    static long lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }
    /// A live run, with its words in $@ of the shell.
    [[nodiscard]] sys::ProgramResult in_shell(const std::string& text,
                                              const std::vector<std::string>& more) const {
        sys::ProgramSpec spec;
        spec.argv = {"bash", "-c", text, "-"};
        for (std::string& word : dance_words(more)) spec.argv.push_back(std::move(word));
        spec.environment = {"PATH=" + search_path};
        return sys::run_program(spec);
    }
};

class Place : public ReportPlaces, public testing::WithParamInterface<const char*> {};

TEST_P(Place, ThatIsFullCostsTheReportAlone) {
    const fs::path full = place() / "full";
    fs::create_directory(full);
    ASSERT_EQ(::mount("tmpfs", full.c_str(), "tmpfs", 0, "size=4096"), 0);
    put(full / "occupied", std::string(4096, 'x'));
    const auto result = live({GetParam(), full / "report"});
    EXPECT_EQ(result.exit, 0) << "that of the run";
    EXPECT_EQ(read("etc/x"), "x\n");
    EXPECT_EQ(lines(result.error), 1) << result.error;
    EXPECT_THAT(result.error, AllOf(HasSubstr("disco: error: "), HasSubstr("No space left on device"),
                                    HasSubstr((full / "report").string()),
                                    HasSubstr("the run ended with exit code 0 and is recorded: ")));
    EXPECT_FALSE(fs::exists(full / "report"));
    EXPECT_EQ(std::distance(fs::directory_iterator{full}, fs::directory_iterator{}), 1)
        << "nothing half-written";
    EXPECT_EQ(::umount(full.c_str()), 0);
}

TEST_P(Place, WhoseDirectoryIsMissingIsRefusedBeforeTheRun) {
    const auto result = live({GetParam(), place() / "missing/report"});
    EXPECT_EQ(result.exit, 78);
    EXPECT_EQ(lines(result.error), 1) << result.error;
    EXPECT_THAT(result.error, HasSubstr("missing/report"));
    EXPECT_FALSE(fs::exists(root() / "etc/x"));
}

TEST_P(Place, WhoseReaderGoesAwayCostsTheReportAlone) {
    const auto result = in_shell("\"$@\" | :; exit ${PIPESTATUS[0]}", {GetParam(), "-"});
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_EQ(read("etc/x"), "x\n");
    EXPECT_THAT(result.error, AllOf(HasSubstr("Broken pipe"), HasSubstr("is recorded: ")));
}

INSTANTIATE_TEST_SUITE_P(Of, Place, testing::Values("--json", "--junit", "--html", "--openmetrics"),
                         [](const auto& option) { return std::string{option.param}.substr(2); });

TEST_F(ReportPlaces, TextWhoseReaderGoesAwayChangesNoExitCode) {
    const auto result = in_shell("\"$@\" | :; exit ${PIPESTATUS[0]}", {});
    EXPECT_EQ(result.exit, 0);
    EXPECT_EQ(read("etc/x"), "x\n");
    EXPECT_EQ(result.error, "") << "the reader has what it wanted, as of `| head`";
    EXPECT_EQ(last_report().at("run").at("outcome"), "merged");
}

TEST_F(ReportPlaces, OneThatFailsKeepsNoOtherFromBeingWritten) {
    const auto result =
        live({"--json", "/dev/full", "--junit", place() / "junit", "--html", place() / "html"});
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(result.error, HasSubstr("No space left on device"));
    EXPECT_TRUE(fs::exists(place() / "junit"));
    EXPECT_TRUE(fs::exists(place() / "html"));
}

/// A directory that somebody has put among those of the runs.
TEST_F(ReportPlaces, WhatIsNoRunIsNoneOfTheList) {
    ASSERT_EQ(live().exit, 0);
    const std::string run = last_report().at("run").at("id");
    fs::create_directories(state() / "runs/backup-of-mine");
    put(state() / "runs/notes", "x");
    fs::create_directories(state() / "runs/20200101T000000.000Z-aaaaaa/report.json");
    const auto list = disco({"runs", "--state-dir", state()});
    EXPECT_THAT(list.output,
                AllOf(HasSubstr(run), Not(HasSubstr("backup-of-mine")), Not(HasSubstr("notes"))));
    EXPECT_EQ(list.error, "");
    EXPECT_EQ(lines(list.output), 1);
    EXPECT_EQ(disco({"status", "--state-dir", state()}).exit, 0) << "the last run is known";
    EXPECT_EQ(live().exit, 0) << "and a run goes on";
}

} // namespace
} // namespace disco::tests
