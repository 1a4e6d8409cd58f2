#include "runner/report/text_report.hpp"
#include "tests/support/example_run.hpp"
#include "tests/support/golden.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::report {
namespace {

using model::ModuleOutcome;
using model::NoticeKind;
using model::RunMode;
using model::RunOutcome;
using testing::HasSubstr;
using testing::Not;

std::string report_of(const tests::ExampleRun& example, const TextStyle& style = {}) {
    return tests::collected(
        [&](const auto& write) { write_text_report(example.run, example.changes, style, write); });
}

std::string last_line(const std::string& text) {
    const std::size_t end = text.find_last_not_of('\n');
    const std::size_t before = text.find_last_of('\n', end);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    return text.substr(begin, end + 1 - begin);
}

struct GoldenRow {
    const char* name;
    TextStyle style;
};
class GoldenText : public testing::TestWithParam<GoldenRow> {};

TEST_P(GoldenText, OfEverything) {
    const GoldenRow& row = GetParam();
    tests::expect_golden(std::string{"everything-"} + row.name + ".txt",
                         report_of(tests::example_run(), row.style));
}

INSTANTIATE_TEST_SUITE_P(Details, GoldenText,
                         testing::Values(GoldenRow{"quiet", {Detail::quiet}},
                                         GoldenRow{"stat", {Detail::stat}},
                                         GoldenRow{"changes", {Detail::changes}},
                                         GoldenRow{"diff", {Detail::diff}},
                                         GoldenRow{"verbose", {Detail::verbose}},
                                         GoldenRow{"diff_in_colour", {Detail::diff, true}},
                                         GoldenRow{"ascii", {Detail::changes, false, 80, true}},
                                         GoldenRow{"60_columns", {Detail::changes, false, 60}},
                                         GoldenRow{"132_columns", {Detail::changes, false, 132}},
                                         GoldenRow{"narrow", {Detail::quiet, false, 20}}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(TextReport, ObeysNoControlCharacter) {
    for (const Detail detail :
         {Detail::quiet, Detail::stat, Detail::changes, Detail::diff, Detail::verbose}) {
        const std::string text = report_of(tests::example_run(), {detail});
        EXPECT_EQ(text.find('\033'), std::string::npos) << text;
    }
}

TEST(TextReport, InAsciiHasNoOtherBytes) {
    for (const Detail detail : {Detail::stat, Detail::changes, Detail::verbose})
        for (const char byte : report_of(tests::example_run(), {detail, false, 80, true}))
            ASSERT_GE(byte, 0) << "in detail " << static_cast<int>(detail);
}

TEST(TextReport, IsTheSameWhetherWrittenMeanwhileOrAfterwards) {
    const tests::ExampleRun example = tests::example_run();
    std::vector<std::string> names;
    for (const model::ModuleReport& module : example.run.modules) names.push_back(module.name);
    std::string text;
    TextReport report{{}, [&](std::string_view piece) { text += piece; }};
    report.begin(example.run, names);
    for (const model::ModuleReport& module : example.run.modules)
        report.add(example.run, module, example.changes);
    EXPECT_THAT(text, testing::EndsWith("skipped: needs failed, which failed\n"));
    report.end(example.run, example.changes);
    EXPECT_EQ(text, report_of(example));
}

/// What concerns all modules is known when the last one is done.
TEST(TextReport, AddsWhatIsKnownLater) {
    tests::ExampleRun example;
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    std::string text;
    TextReport report{{}, [&](std::string_view piece) { text += piece; }};
    report.begin(example.run, {"m"});
    report.add(example.run, example.run.modules[0], example.changes);
    example.run.modules[0].notices = {{NoticeKind::refused, "later", {}, ""}};
    example.run.modules[0].outcome = ModuleOutcome::failed;
    example.run.modules[0].reason = "because";
    report.end(example.run, example.changes);
    EXPECT_THAT(text, HasSubstr("> later\n"));
    EXPECT_THAT(text, HasSubstr("x m  because\n"));
}

TEST(TextReport, SaysWhatBecameOfARunThatWasAskedAbout) {
    tests::ExampleRun example;
    example.run.mode = RunMode::live;
    example.run.outcome = RunOutcome::pending;
    std::string text;
    TextReport report{{}, [&](std::string_view piece) { text += piece; }};
    report.end(example.run, example.changes);
    text.clear();
    example.run.outcome = RunOutcome::conflict;
    example.run.merge.conflicts = {{"/a", "it", "that"}};
    report.sum_up(example.run);
    EXPECT_THAT(text, testing::StartsWith("! conflict: /a: expected it, found: that\n1 conflict, "));
}

struct ActionRow {
    const char* name;
    std::vector<std::string> argv;
    std::string expected;
};
class WouldDo : public testing::TestWithParam<ActionRow> {};

TEST_P(WouldDo, IsSaidInTheBlockOfActions) {
    tests::ExampleRun example;
    example.run.outcome = RunOutcome::pending;
    example.run.modules.resize(2);
    example.run.modules[0].name = "web";
    example.run.modules[1].name = "other";
    example.run.modules[0].actions = {{.argv = GetParam().argv, .context = {}},
                                      {.argv = {"again"}, .context = {}, .repeated = true}};
    example.run.modules[0].notices = {
        {NoticeKind::would_execute, "would execute: x", GetParam().argv, "scripts/1"}};
    EXPECT_THAT(report_of(example),
                HasSubstr("actions\n    > " + GetParam().expected + "  (web)\n1 action pending"));
    EXPECT_THAT(report_of(example), Not(HasSubstr("would execute: x"))) << "once is enough";
}

INSTANTIATE_TEST_SUITE_P(
    Of, WouldDo,
    testing::Values(ActionRow{"systemctl", {"systemctl", "restart", "nginx"}, "would restart: nginx"},
                    ActionRow{"several", {"systemctl", "reload", "a", "b"}, "would reload: a b"},
                    ActionRow{"service", {"service", "nginx", "reload"}, "would reload: nginx"},
                    ActionRow{"option",
                              {"systemctl", "restart", "--no-block", "nginx"},
                              "would execute: systemctl restart --no-block nginx"},
                    ActionRow{
                        "all", {"systemctl", "daemon-reload"}, "would execute: systemctl daemon-reload"},
                    ActionRow{"other", {"iptables", "-A", "INPUT"}, "would execute: iptables -A INPUT"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(TextReport, EndsInRedWhenTheRunFailed) {
    tests::ExampleRun example;
    EXPECT_THAT(last_line(report_of(example, {Detail::changes, true})),
                testing::StartsWith("\033[1min sync"));
    example.run.outcome = RunOutcome::failed;
    example.run.exit_code = model::ExitCode::failed;
    EXPECT_THAT(last_line(report_of(example, {Detail::changes, true})),
                testing::StartsWith("\033[31mfailed"));
}

TEST(Sum, CountsFailedChecks) {
    tests::ExampleRun example;
    example.run.mode = RunMode::live;
    example.run.outcome = RunOutcome::merged;
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    model::Step check;
    check.phase = model::Phase::check, check.name = "checks/10-x", check.exit = 1,
    check.output = "no answer\n";
    example.run.modules[0].steps = {check};
    const std::string text = report_of(example, {Detail::quiet});
    EXPECT_THAT(text, HasSubstr("x checks/10-x  (m)\n      | no answer\n"));
    EXPECT_THAT(last_line(text), HasSubstr(", 1 check failed"));
}

TEST(TextReport, InColourSaysTheSame) {
    std::string text = report_of(tests::example_run(), {Detail::diff, true});
    EXPECT_THAT(text, HasSubstr("\033[31m"));
    for (std::size_t at = 0; (at = text.find('\033', at)) != std::string::npos;)
        text.erase(at, text.find('m', at) + 1 - at);
    EXPECT_EQ(text, report_of(tests::example_run(), {Detail::diff}));
}

struct SumRow {
    const char* name;
    RunMode mode;
    RunOutcome outcome;
    std::size_t changes; ///< of the module that is changed
    std::size_t failed;
    std::string expected;
};
class Sum : public testing::TestWithParam<SumRow> {};

TEST_P(Sum, IsTheLastLine) {
    const SumRow& row = GetParam();
    tests::ExampleRun example;
    example.run.id = "ID";
    example.run.mode = row.mode;
    example.run.outcome = row.outcome;
    example.run.wall_s = 1.25;
    example.run.modules.resize(1 + row.failed);
    for (model::ModuleReport& module : example.run.modules) module.outcome = ModuleOutcome::failed;
    example.run.modules[0].outcome = ModuleOutcome::changed;
    example.run.modules[0].change_counts[1] = row.changes;
    for (model::ModuleReport& module : example.run.modules) module.name = "m";
    EXPECT_EQ(last_line(report_of(example, {Detail::quiet})), row.expected + "  (1.2 s, run ID)");
}

constexpr auto noop = RunMode::noop, live = RunMode::live;
INSTANTIATE_TEST_SUITE_P(
    Outcomes, Sum,
    testing::Values(
        SumRow{"in_sync", live, RunOutcome::in_sync, 0, 0, "in sync, nothing to change"},
        SumRow{"pending", noop, RunOutcome::pending, 2, 0, "2 changes pending, nothing was merged"},
        SumRow{"pending_one", noop, RunOutcome::pending, 1, 0, "1 change pending, nothing was merged"},
        SumRow{"pending_live", live, RunOutcome::pending, 2, 0, "2 changes, nothing was merged"},
        SumRow{"merged", live, RunOutcome::merged, 3, 0, "3 changes merged"},
        SumRow{"failed_early", live, RunOutcome::failed, 0, 0, "failed, nothing was merged"},
        SumRow{"failed_one", live, RunOutcome::failed, 1, 1, "1 module failed, nothing was merged"},
        SumRow{"failed_two", live, RunOutcome::failed, 1, 2, "2 modules failed, nothing was merged"},
        SumRow{"failed_noop", noop, RunOutcome::failed, 1, 1, "1 module failed, nothing would be merged"},
        SumRow{"undone", live, RunOutcome::undone, 1, 0, "merged and undone again"},
        SumRow{"interrupted", live, RunOutcome::interrupted, 1, 0, "interrupted, nothing was merged"}),
    [](const auto& row) { return std::string{row.param.name}; });

struct ActionSumRow {
    const char* name;
    RunMode mode;
    RunOutcome outcome;
    std::size_t changes;
    model::ActionCounts actions;
    std::string expected;
};
class ActionSum : public testing::TestWithParam<ActionSumRow> {};

TEST_P(ActionSum, CountsActions) {
    const ActionSumRow& row = GetParam();
    tests::ExampleRun example;
    example.run.id = "ID";
    example.run.mode = row.mode;
    example.run.outcome = row.outcome;
    example.run.wall_s = 1.25;
    model::ModuleReport& module = example.run.modules.emplace_back();
    module.outcome = ModuleOutcome::changed;
    module.change_counts[1] = row.changes;
    using model::ActionOutcome;
    const auto add = [&](std::size_t count, ActionOutcome outcome) {
        for (std::size_t i = 0; i < count; ++i)
            module.actions.push_back({.argv = {"a"}, .context = {}, .outcome = outcome});
    };
    add(row.actions.pending, ActionOutcome::pending);
    add(row.actions.done, ActionOutcome::done);
    add(row.actions.failed, ActionOutcome::failed);
    module.actions.push_back({.argv = {"a"}, .context = {}, .repeated = true});
    EXPECT_EQ(last_line(report_of(example, {Detail::quiet})), row.expected + "  (1.2 s, run ID)");
}

INSTANTIATE_TEST_SUITE_P(
    Outcomes, ActionSum,
    testing::Values(
        ActionSumRow{"pending",
                     noop,
                     RunOutcome::pending,
                     3,
                     {2, 0, 0},
                     "3 changes, 2 actions pending, nothing was merged"},
        ActionSumRow{
            "only_actions", noop, RunOutcome::pending, 0, {1, 0, 0}, "1 action pending, nothing was run"},
        ActionSumRow{"done", live, RunOutcome::merged, 3, {0, 2, 0}, "3 changes merged, 2 actions done"},
        ActionSumRow{
            "failed", live, RunOutcome::merged, 1, {0, 2, 1}, "1 change merged, 2 actions done, 1 failed"},
        ActionSumRow{"only_actions_done", live, RunOutcome::merged, 0, {0, 1, 0}, "1 action done"},
        ActionSumRow{"only_failed", live, RunOutcome::merged, 0, {0, 0, 1}, "1 action failed"},
        ActionSumRow{"left", live, RunOutcome::merged, 0, {1, 1, 0}, "1 action done, 1 pending"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(TextReport, ShowsWhatAFailedActionPrinted) {
    tests::ExampleRun example;
    example.run.mode = RunMode::live;
    example.run.outcome = RunOutcome::merged;
    model::ModuleReport& module = example.run.modules.emplace_back();
    module.name = "m";
    module.outcome = ModuleOutcome::changed;
    model::Step done, failed;
    done.phase = failed.phase = model::Phase::action;
    done.name = "systemctl start b", done.output = "fine\n";
    failed.name = "systemctl restart a", failed.exit = 1;
    for (int line = 1; line <= 30; ++line) failed.output += "line " + std::to_string(line) + "\n";
    module.steps = {done, failed};
    for (const Detail detail : {Detail::quiet, Detail::changes, Detail::diff}) {
        const std::string text = report_of(example, {detail});
        EXPECT_THAT(text,
                    HasSubstr("x systemctl restart a  (m)\n      | … 10 lines earlier\n      | line 11\n"));
        EXPECT_THAT(text, HasSubstr("      | line 30\n"));
        EXPECT_THAT(text, Not(HasSubstr("fine")));
    }
}

TEST(Sum, CountsConflicts) {
    tests::ExampleRun example;
    example.run.outcome = RunOutcome::conflict;
    example.run.merge.conflicts = {{"/a", "it", "that"}};
    const std::string text = report_of(example);
    EXPECT_THAT(text, HasSubstr("! conflict: /a: expected it, found: that\n"));
    EXPECT_THAT(last_line(text), testing::StartsWith("1 conflict, nothing was merged: "));
}

TEST(Sum, FollowsWhyTheRunEndedEarly) {
    tests::ExampleRun example;
    example.run.outcome = RunOutcome::failed;
    example.run.failure = "the server \033[2J is away";
    EXPECT_THAT(report_of(example, {Detail::quiet}),
                testing::StartsWith("the server \\033[2J is away\nfailed, nothing was merged"));
}

struct HeadingRow {
    const char* name;
    RunMode mode;
    std::string root;
    std::vector<std::string> modules;
    std::string expected;
};
class Heading : public testing::TestWithParam<HeadingRow> {};

TEST_P(Heading, IsTheFirstLine) {
    tests::ExampleRun example;
    example.run.node = "web1";
    example.run.mode = GetParam().mode;
    example.run.root = GetParam().root;
    if (GetParam().modules == std::vector<std::string>{""}) example.run.command = "disco exec";
    for (const std::string& module : GetParam().modules) {
        example.run.modules.emplace_back();
        example.run.modules.back().name = module;
    }
    const std::string text = report_of(example);
    EXPECT_EQ(text.substr(0, text.find('\n')), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Runs, Heading,
    testing::Values(HeadingRow{"live", live, "/", {"a", "b"}, "disco-run  web1  2 modules"},
                    HeadingRow{"one_module", live, "/", {"a"}, "disco-run  web1  1 module"},
                    HeadingRow{"no_module", noop, "/", {}, "disco-run --noop  web1  0 modules"},
                    HeadingRow{
                        "another_root", live, "/srv/x\n", {"a"}, "disco-run  web1  \"/srv/x\\n\"  1 module"},
                    HeadingRow{"exec", live, "/", {""}, "disco exec  web1"},
                    HeadingRow{"exec_noop", noop, "/srv", {""}, "disco exec --noop  web1  /srv"}),
    [](const auto& row) { return std::string{row.param.name}; });

/// A shell exits as its last command did: that is told, and fails nothing.
TEST(TextReport, TellsHowAShellExited) {
    tests::ExampleRun example;
    example.run.command = "disco shell";
    example.run.node = "web1";
    example.run.root = "/srv";
    example.run.modules.resize(1);
    model::Step step;
    step.phase = model::Phase::shell;
    step.name = "/bin/bash";
    example.run.modules[0].steps = {step};
    const std::string quiet_end = report_of(example);
    EXPECT_THAT(quiet_end, testing::StartsWith("disco shell --noop  web1  /srv\n= shell "));
    EXPECT_THAT(quiet_end, Not(HasSubstr("exited")));
    example.run.modules[0].steps[0].exit = 3;
    EXPECT_THAT(report_of(example), HasSubstr("    > the shell exited with 3\n"));
    example.run.modules[0].outcome = ModuleOutcome::failed;
    EXPECT_THAT(report_of(example), Not(HasSubstr("exited")));
}

tests::ExampleRun with_changes(std::size_t count) {
    tests::ExampleRun example;
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    example.run.modules[0].outcome = ModuleOutcome::changed;
    model::Change change;
    change.after = model::ObjectState{};
    for (std::size_t i = 0; i < count; ++i) {
        change.path = "/file" + std::to_string(i) + ".";
        example.add(change);
    }
    return example;
}

TEST(TextReport, ListsTwoHundredChangesAndCutsMore) {
    EXPECT_THAT(report_of(with_changes(200)), testing::AllOf(HasSubstr("/file199."), Not(HasSubstr("…"))));
    const std::string cut = report_of(with_changes(201));
    EXPECT_THAT(cut, HasSubstr("/file99."));
    EXPECT_THAT(cut, Not(HasSubstr("/file100.")));
    EXPECT_THAT(cut, HasSubstr("    … and 101 more (--diff and the JSON report show all)\n"));
    for (const Detail detail : {Detail::stat, Detail::diff, Detail::verbose})
        EXPECT_THAT(report_of(with_changes(201), {detail}), HasSubstr("/file200."));
}

/// What scripts and others had a say in forges no line of the report.
TEST(TextReport, HasALineForEachNoticeAndConflict) {
    tests::ExampleRun example;
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    example.run.modules[0].notices = {{NoticeKind::left_running, "left: a\nin sync\033[A", {}, {}}};
    example.run.merge.conflicts = {{"/x", "a\nb", "\u202ec\nd"}};
    const std::string text = report_of(example);
    EXPECT_THAT(text, HasSubstr("    > left: a\\nin sync\\033[A\n"));
    EXPECT_THAT(text, HasSubstr(R"(! conflict: /x: expected a\nb, found: \342\200\256c\nd)"));
}

TEST(TextReport, ListsThirtyConflictsOfVeryMany) {
    tests::ExampleRun example;
    for (int i = 0; i < 10'000; ++i)
        example.run.merge.conflicts.push_back({"/file" + std::to_string(i) + ".", "as it was", "it is gone"});
    for (const Detail detail : {Detail::quiet, Detail::changes}) {
        const std::string text = report_of(example, {detail});
        EXPECT_THAT(text, HasSubstr("/file29."));
        EXPECT_THAT(text, Not(HasSubstr("/file30.")));
        EXPECT_THAT(text, HasSubstr("… and 9970 more (--verbose and the JSON report show all)\n"));
    }
}

} // namespace
} // namespace disco::report
