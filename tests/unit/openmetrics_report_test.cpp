#include "runner/report/openmetrics_report.hpp"
#include "tests/support/example_run.hpp"
#include "tests/support/golden.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::report {
namespace {

using testing::HasSubstr;

std::string report_of(const tests::ExampleRun& example) {
    return tests::collected([&](const auto& write) {
        write_openmetrics_report(example.run, example.changes, Contents::short_, write);
    });
}

TEST(OpenMetricsReport, OfEverythingIsTheGoldenOne) {
    tests::expect_golden("everything.prom", report_of(tests::example_run()));
}

TEST(OpenMetricsReport, EscapesLabels) {
    tests::ExampleRun example;
    example.run.node = "a\"b\\c\nd";
    EXPECT_THAT(report_of(example), HasSubstr(R"(node="\"a\\\"b\\\\c\\nd\"")"));
}

TEST(OpenMetricsReport, EndsAsTheFormatAsks) {
    EXPECT_THAT(report_of(tests::ExampleRun{}), testing::EndsWith("\n# EOF\n"));
}

} // namespace
} // namespace disco::report
