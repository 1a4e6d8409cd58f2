#include "runner/report/junit_report.hpp"
#include "tests/support/example_run.hpp"
#include "tests/support/golden.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace disco::report {
namespace {

using testing::HasSubstr;

std::string report_of(const tests::ExampleRun& example) {
    return tests::collected([&](const auto& write) {
        write_junit_report(example.run, example.changes, Contents::short_, write);
    });
}

TEST(JunitReport, OfEverythingIsTheGoldenOne) {
    tests::expect_golden("everything.junit.xml", report_of(tests::example_run()));
}

struct Totals {
    int tests, failures, skipped;
};
Totals totals(const tests::ExampleRun& example) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(report_of(example).c_str()));
    const pugi::xml_node suite = document.child("testsuites").child("testsuite");
    int tests = 0;
    for (const pugi::xml_node& one : suite.children("testcase")) tests += one.empty() ? 0 : 1;
    EXPECT_EQ(suite.attribute("tests").as_int(), tests);
    return {tests, suite.attribute("failures").as_int(), suite.attribute("skipped").as_int()};
}

TEST(JunitReport, CountsWhatFailedAndWhatWasSkipped) {
    const Totals found = totals(tests::example_run());
    EXPECT_EQ(found.tests, 6) << "the run and its modules";
    EXPECT_EQ(found.failures, 3) << "two modules, and the conflicts of the run";
    EXPECT_EQ(found.skipped, 1);
}

TEST(JunitReport, HasACaseForEachActionAndCheck) {
    tests::ExampleRun example;
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    model::Step action, check;
    action.phase = model::Phase::action, action.name = "systemctl restart a";
    check.phase = model::Phase::check, check.name = "checks/10-x", check.exit = 3, check.output = "no\n";
    example.run.modules[0].steps = {action, check};
    const Totals found = totals(example);
    EXPECT_EQ(found.tests, 4);
    EXPECT_EQ(found.failures, 1);
    EXPECT_THAT(report_of(example), HasSubstr("<failure message=\"exited with 3\""));
    EXPECT_THAT(report_of(example), HasSubstr("name=\"m: checks/10-x\""));
}

/// What pending changes are worth the reader decides; disco's exit code says that there are some.
TEST(JunitReport, OfPendingChangesHasNoFailure) {
    tests::ExampleRun example;
    example.run.outcome = model::RunOutcome::pending;
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    example.run.modules[0].outcome = model::ModuleOutcome::changed;
    model::Change change;
    change.path = "/etc/x";
    change.after.emplace();
    example.add(change);
    EXPECT_EQ(totals(example).failures, 0);
    EXPECT_THAT(report_of(example), HasSubstr("<system-out>    + /etc/x "));
}

TEST(JunitReport, IsXmlWhateverNamesAndOutputHold) {
    tests::ExampleRun example;
    example.run.node = "a<b>\"&'\033";
    example.run.failure = "]]></failure>\001\xff";
    example.run.modules.resize(1);
    example.run.modules[0].name = "m\n<script>";
    example.run.modules[0].outcome = model::ModuleOutcome::failed;
    example.run.modules[0].reason = "\xed\xa0\x80\x0b";
    model::Step step;
    step.output = "\033[31m\xff\x0c<![CDATA[";
    example.run.modules[0].steps = {step};
    EXPECT_EQ(totals(example).failures, 2);
}

} // namespace
} // namespace disco::report
