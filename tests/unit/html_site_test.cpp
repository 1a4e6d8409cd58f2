// The first page of many runs: how nodes are counted and sorted, and names that could be markup.

#include "runner/report/html_site.hpp"
#include "runner/sys/time_text.hpp"
#include "tests/support/example_run.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::report {
namespace {

using model::ExitCode;
using model::RunOutcome;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* recently = "2026-01-31T12:00:00Z";
constexpr const char* long_ago = "2026-01-01T12:00:00Z";

SiteRun run_of(std::string node, RunOutcome outcome, const char* started = recently,
               std::string command = "disco-run", ExitCode code = ExitCode::done) {
    SiteRun one;
    model::RunReport& run = one.summary.run;
    run.node = std::move(node);
    run.outcome = outcome;
    run.started = started;
    run.command = std::move(command);
    run.exit_code = code;
    run.id = run.node + "-" + started + "-" + run.command;
    one.page = "runs/x.html";
    return one;
}

Site site_of(std::vector<SiteRun> runs) {
    Site site;
    site.runs = std::move(runs);
    site.now = sys::moment_of_timestamp("2026-01-31T13:00:00Z");
    site.unreported_before = site.now - 2L * 24 * 3600;
    return site;
}

std::string page_of(const Site& site) {
    return tests::collected([&](const auto& write) { write_site_index(site, write); });
}

struct StateRow {
    const char* name;
    SiteRun run;
    NodeState expected;
};
class States : public testing::TestWithParam<StateRow> {};

TEST_P(States, FollowTheLastRun) {
    EXPECT_EQ(nodes_of(site_of({GetParam().run})).at(0).state, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    OfNodes, States,
    testing::Values(
        StateRow{"in_sync", run_of("a", RunOutcome::in_sync), NodeState::clean},
        StateRow{"merged", run_of("a", RunOutcome::merged, recently, "disco-run", ExitCode::changes),
                 NodeState::clean},
        StateRow{"pending", run_of("a", RunOutcome::pending, recently, "disco-run", ExitCode::changes),
                 NodeState::pending},
        StateRow{"failed", run_of("a", RunOutcome::failed, recently, "disco-run", ExitCode::failed),
                 NodeState::failed},
        StateRow{"failed_action",
                 run_of("a", RunOutcome::merged, recently, "disco-run", ExitCode::followup_failed),
                 NodeState::failed},
        StateRow{"old", run_of("a", RunOutcome::in_sync, long_ago), NodeState::unreported},
        StateRow{"no_time", run_of("a", RunOutcome::in_sync, "yesterday"), NodeState::unreported}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(SiteNodes, ComeInTheOrderOfTheirTrouble) {
    const Site site = site_of({run_of("d", RunOutcome::in_sync), run_of("c", RunOutcome::pending),
                               run_of("b", RunOutcome::in_sync, long_ago),
                               run_of("a2", RunOutcome::failed, recently, "disco-run", ExitCode::failed),
                               run_of("a1", RunOutcome::failed, recently, "disco-run", ExitCode::failed)});
    std::vector<std::string> names;
    for (const SiteNode& node : nodes_of(site)) names.push_back(node.name);
    EXPECT_THAT(names, ElementsAre("a1", "a2", "b", "c", "d"));
}

TEST(SiteNodes, AreNotWhatWasTriedByHand) {
    const Site site = site_of({run_of("a", RunOutcome::in_sync, "2026-01-31T10:00:00Z"),
                               run_of("a", RunOutcome::pending, "2026-01-31T12:00:00Z", "disco exec"),
                               run_of("a", RunOutcome::pending, "2026-01-31T09:00:00Z")});
    const std::vector<SiteNode> nodes = nodes_of(site);
    ASSERT_EQ(nodes.size(), 1U);
    EXPECT_EQ(nodes[0].state, NodeState::clean);
    EXPECT_EQ(nodes[0].runs.front()->summary.run.command, "disco exec") << "the list has it";
    EXPECT_EQ(nodes_of(site_of({run_of("a", RunOutcome::pending, recently, "disco shell")})).at(0).state,
              NodeState::pending);
}

TEST(SitePage, CountsNodesAndNamesWhatCouldNotBeRead) {
    Site site = site_of({run_of("a", RunOutcome::in_sync), run_of("b", RunOutcome::pending)});
    site.faults = {{"/srv/<c>", "it is damaged: <script>"}};
    EXPECT_THAT(page_of(site), AllOf(HasSubstr("<li><b>1</b> <span class=\"wait\">~ pending</span></li>"),
                                     HasSubstr("<li><b>1</b> <span class=\"good\">✓ clean</span></li>"),
                                     HasSubstr("<li><b>0</b> <span class=\"fail\">✕ failed</span></li>"),
                                     HasSubstr("/srv/&lt;c&gt;"), HasSubstr("it is damaged: &lt;script&gt;"),
                                     HasSubstr("2026-01-31 13:00:00 UTC"), HasSubstr("1 h 0 min")));
}

TEST(SitePage, TakesNamesForText) {
    Site site = site_of({run_of("<script>\"'", RunOutcome::in_sync)});
    site.runs[0].page = "runs/\"><script>";
    EXPECT_THAT(page_of(site), AllOf(HasSubstr("&lt;script&gt;&quot;&#39;"), Not(HasSubstr("<script>\"'")),
                                     HasSubstr("href=\"runs/&quot;&gt;&lt;script&gt;\"")));
}

TEST(SitePage, OfNothingIsWhole) {
    EXPECT_THAT(page_of(site_of({})), AllOf(HasSubstr("<h1>0 nodes</h1>"), HasSubstr("</html>")));
}

} // namespace
} // namespace disco::report
