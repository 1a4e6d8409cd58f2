// What is seen of runs afterwards: the list of them, one of them by its place, and how the machine is.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <chrono>

#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RunList : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        want("m");
        module_file("m", "files/etc/x", "x\n");
    }
    [[nodiscard]] sys::ProgramResult about(std::vector<std::string> words) const {
        words.insert(words.begin() + 1, {"--state-dir", state()});
        return disco(words);
    }
    [[nodiscard]] std::vector<std::string> ids(std::vector<std::string> filters = {}) const {
        filters.insert(filters.begin(), {"runs", "--json"});
        std::vector<std::string> found;
        for (const json& run : json::parse(about(filters).output)) found.push_back(run.at("id"));
        return found;
    }
    [[nodiscard]] json status() const { return json::parse(about({"status", "--json"}).output); }
};

TEST_F(RunList, HasARowForEachAndAHeadingForPeople) {
    ASSERT_EQ(noop().exit, 0);
    ASSERT_EQ(live().exit, 0);
    const auto list = about({"runs"});
    EXPECT_EQ(list.exit, 0) << list.error;
    EXPECT_EQ(std::count(list.output.begin(), list.output.end(), '\n'), 2) << "and nothing for people";
    EXPECT_THAT(list.output, HasSubstr("  noop  pending      exit 0    1 change  20"));
    EXPECT_THAT(list.output, HasSubstr("  live  merged       exit 0    1 change  20"));
    EXPECT_THAT(list.output,
                testing::ContainsRegex("20[0-9-]+ [0-9:]+  [0-9.]+ m?s +web1  .*  can be rolled back\n"));
    const auto terminal = sys::run_program(
        {.argv = {"/usr/bin/script", "-qec",
                  disco_binary().string() + " runs --state-dir " + state().string(), "/dev/null"},
         .environment = {"PATH=/usr/bin:/bin", "SHELL=/bin/sh"},
         .input = {},
         .timeout = std::chrono::seconds{20}});
    EXPECT_THAT(
        terminal.output,
        testing::StartsWith("RUN                          MODE  OUTCOME      EXIT      CHANGES   STARTED"));
}

TEST_F(RunList, IsFiltered) {
    ASSERT_EQ(noop().exit, 0);
    ASSERT_EQ(live().exit, 0);
    script("m", "10-fail", "#!/bin/bash\nexit 3\n");
    ASSERT_EQ(live().exit, 4);
    const std::vector<std::string> all = ids();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(ids({"--live"}), (std::vector{all[1], all[2]}));
    EXPECT_EQ(ids({"--failed"}), (std::vector{all[2]}));
    EXPECT_EQ(ids({"--node", "web1"}), all);
    EXPECT_EQ(ids({"--node", "web"}), std::vector<std::string>{});
    EXPECT_EQ(ids({"--since", "1h"}), all);
    EXPECT_EQ(ids({"--since", "2000-01-01"}), all);
    EXPECT_EQ(ids({"--since", "2100-01-01 10:00"}), std::vector<std::string>{});
    EXPECT_THAT(about({"runs", "--since", "2100-01-01"}).error, HasSubstr("no recorded run is as asked for"));
    const auto bad = about({"runs", "--since", "soon"});
    EXPECT_EQ(bad.exit, 64);
    EXPECT_THAT(bad.error, AllOf(HasSubstr("'soon'"), HasSubstr("12h"), HasSubstr("2026-11-30")));
}

TEST_F(RunList, NeedsOnlyTheBeginningOfAReport) {
    ASSERT_EQ(live().exit, 0);
    const fs::path report = state() / "runs" / ids().at(0) / "report.json";
    const std::string whole = sys::read_file(report);
    sys::write_file(report, whole.substr(0, whole.find("\"fingerprint\"")) + "damaged}\n", 0600);
    EXPECT_THAT(about({"runs"}).output, HasSubstr("merged       exit 0    1 change"));
    // One of the first versions has no counts there.
    const std::size_t counts = whole.find("\"counts\"");
    sys::write_file(report, whole.substr(0, counts) + whole.substr(whole.find("\"fingerprint\"")), 0600);
    EXPECT_THAT(about({"runs"}).output, HasSubstr("merged       exit 0    1 change"));
    sys::write_file(report, "damaged}\n", 0600);
    const auto damaged = about({"runs"});
    EXPECT_EQ(damaged.exit, 78);
    EXPECT_THAT(damaged.error, HasSubstr("it is damaged"));
}

TEST_F(RunList, OneIsNamedByItsPlace) {
    ASSERT_EQ(noop().exit, 0);
    ASSERT_EQ(live().exit, 0);
    const std::vector<std::string> all = ids();
    const auto reported = [&](const std::string& wanted) {
        return json::parse(about({"report", wanted, "--json"}).output).at("run").at("id").get<std::string>();
    };
    EXPECT_EQ(reported("last"), all[1]);
    EXPECT_EQ(reported("-1"), all[1]);
    EXPECT_EQ(reported("-2"), all[0]);
    EXPECT_EQ(reported(all[0]), all[0]);
    const auto none = about({"report", "-3"});
    EXPECT_EQ(none.exit, 78);
    EXPECT_THAT(none.error, AllOf(HasSubstr("no run -3"), HasSubstr("disco runs")));
}

using Status = RunList;

TEST_F(Status, IsThatOfTheLastRunsOfTheServer) {
    const auto none = about({"status"});
    EXPECT_EQ(none.exit, 78);
    EXPECT_THAT(none.error, HasSubstr("no dance is recorded"));
    ASSERT_EQ(noop().exit, 0);
    const auto pending = about({"status"});
    EXPECT_EQ(pending.exit, 2) << pending.error;
    EXPECT_THAT(pending.output,
                AllOf(HasSubstr("ago, noop pending, 1 change "), HasSubstr("none is recorded"),
                      testing::ContainsRegex("pending +1 change: disco report ")));
    ASSERT_EQ(live().exit, 0);
    const auto good = about({"status"});
    EXPECT_EQ(good.exit, 0) << good.output;
    EXPECT_THAT(good.output, AllOf(testing::ContainsRegex("node +web1  .*/root\n"),
                                   testing::ContainsRegex("last good run +.*ago, live merged, 1 change "),
                                   Not(HasSubstr("pending"))));
    const std::string merged = status().at("last_good").at("run").at("id");
    // What an administrator tries is no state of the machine.
    EXPECT_EQ(
        disco({"exec", "--noop", "--root", root(), "--state-dir", state(), "--", "touch", "/etc/y"}).exit, 0);
    EXPECT_EQ(about({"status"}).exit, 0);
    script("m", "10-fail", "#!/bin/bash\nexit 3\n");
    ASSERT_EQ(live().exit, 4);
    const auto failed = about({"status"});
    EXPECT_EQ(failed.exit, 4);
    EXPECT_THAT(failed.output, HasSubstr("live failed, "));
    EXPECT_EQ(status().at("last_good").at("run").at("id"), merged);
    EXPECT_EQ(status().at("exit_code"), 4);
    ASSERT_EQ(about({"rollback"}).exit, 0);
    EXPECT_EQ(status().at("last_good"), nullptr) << "it was rolled back";
}

TEST_F(Status, FailsWhenNoRunHasReachedTheServerForTooLong) {
    ASSERT_EQ(live().exit, 0);
    ::usleep(2'100'000); // whole seconds are compared
    const std::string reached = server;
    server = "rsync://127.0.0.1:1/universe"; // nobody listens there
    ASSERT_EQ(noop().exit, 75);
    EXPECT_EQ(about({"status"}).exit, 75);
    EXPECT_EQ(about({"status", "--max-age", "1h"}).exit, 75);
    const auto stale = about({"status", "--max-age", "1s"});
    EXPECT_EQ(stale.exit, 4);
    EXPECT_THAT(stale.output,
                testing::ContainsRegex("stale +every disco-run ended with exit code 75 since that of 20"));
    EXPECT_EQ(json::parse(about({"status", "--json", "--max-age", "1s"}).output).at("stale"), true);
    EXPECT_EQ(status().at("stale"), false);
    server = reached;
    ASSERT_EQ(noop().exit, 0);
    EXPECT_EQ(about({"status", "--max-age", "1m"}).exit, 0);
    EXPECT_EQ(about({"status", "--max-age", "soon"}).exit, 64);
}

TEST_F(Status, FailsWhenNoRunHasEverReachedTheServer) {
    server = "rsync://127.0.0.1:1/universe";
    ASSERT_EQ(noop().exit, 75);
    const auto stale = about({"status", "--max-age", "3d"});
    EXPECT_EQ(stale.exit, 4);
    EXPECT_THAT(stale.output, HasSubstr("every recorded disco-run ended with exit code 75"));
}

/// What the newest would have said is not known; what the others say is.
TEST_F(Status, NamesAReportThatCannotBeRead) {
    ASSERT_EQ(live().exit, 0);
    const std::string good = last_report().at("run").at("id");
    ASSERT_EQ(noop().exit, 0);
    const std::string damaged = last_report().at("run").at("id");
    sys::write_file(state() / "runs" / damaged / "report.json", "{\"schema\":2}\n", 0600);
    const auto shown = about({"status"});
    EXPECT_EQ(shown.exit, 78);
    EXPECT_THAT(shown.error, AllOf(HasSubstr("disco: error: run " + damaged), HasSubstr("its schema is 2")));
    EXPECT_EQ(std::count(shown.error.begin(), shown.error.end(), '\n'), 1);
    EXPECT_THAT(shown.output, HasSubstr("last good run"));
    EXPECT_THAT(shown.output, HasSubstr(good));
    EXPECT_EQ(status().at("exit_code"), 78);
}

/// What it had still to do is not done by anybody, and must not look as if nothing were amiss.
TEST_F(Status, NamesARunThatWasKilledInItsActions) {
    ASSERT_EQ(live().exit, 0);
    module_file("m", "files/etc/y", "y\n");
    script("m", "10-defer.sh", "disco-defer sh -c ': >/etc/begun; sleep 20'\ndisco-defer touch /etc/later\n");
    const pid_t run = start(dance_words({}));
    for (int tenths = 0; tenths < 200 && !fs::exists(root() / "etc/begun"); ++tenths) ::usleep(100'000);
    ASSERT_EQ(::kill(run, SIGKILL), 0);
    EXPECT_EQ(exit_of(run), 1000 + SIGKILL);
    wait_for_orphans();
    const auto shown = about({"status"});
    EXPECT_EQ(shown.exit, 4);
    EXPECT_THAT(shown.output,
                testing::ContainsRegex("unreported +20.* merged, and was killed before its end"));
    ASSERT_EQ(status().at("unreported").size(), 1U);
    const std::string killed = status().at("unreported").at(0);
    const auto undone = about({"rollback", killed});
    EXPECT_EQ(undone.exit, 0);
    EXPECT_THAT(undone.output, HasSubstr("merged, but what that changed is not known"));
    EXPECT_EQ(status().at("unreported").size(), 0U);
}

TEST_F(Status, NamesWhatWaits) {
    const pid_t run = start(dance_words({"--confirm", "600"}));
    for (int tenths = 0; tenths < 200 && log().find("unless it is confirmed") == std::string::npos; ++tenths)
        ::usleep(100'000);
    const auto waiting = about({"status"});
    EXPECT_EQ(waiting.exit, 2);
    EXPECT_THAT(waiting.output,
                testing::ContainsRegex("unconfirmed +20.* will be undone in [0-9]+ s unless it is "
                                       "confirmed: disco confirm"));
    EXPECT_EQ(status().at("unconfirmed").size(), 1U);
    EXPECT_EQ(about({"confirm"}).exit, 0);
    EXPECT_EQ(exit_of(run), 0) << log();
    while (::waitpid(-1, nullptr, 0) > 0) {} // the process that waited with it
    EXPECT_EQ(status().at("unconfirmed").size(), 0U);
}

} // namespace
} // namespace disco::tests
