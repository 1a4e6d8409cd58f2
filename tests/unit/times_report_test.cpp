#include "runner/report/times_report.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/example_run.hpp"
#include "tests/support/golden.hpp"

#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::report {
namespace {

using testing::ElementsAre;

std::string report_of(const model::RunReport& run, bool color = false,
                      TimesDetail detail = TimesDetail::all) {
    return tests::collected([&](const auto& write) { write_times_report(run, detail, color, write); });
}

/// The lines, each as its words.
std::vector<std::vector<std::string>> rows_of(const model::RunReport& run) {
    std::istringstream lines{report_of(run)};
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        rows.emplace_back(std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{});
    }
    return rows;
}

TEST(TimesReport, OfEverythingIsTheGoldenOne) {
    tests::expect_golden("times-all.txt", report_of(tests::example_run().run));
    tests::expect_golden("times.txt", report_of(tests::example_run().run, false, TimesDetail::usual));
}

TEST(TimesReport, FitsIntoEightyColumns) {
    tests::ExampleRun example = tests::example_run();
    example.run.modules[0].name = std::string(60, 'm');
    example.run.modules[0].steps[0].name = std::string(60, 's');
    std::istringstream lines{report_of(example.run, false, TimesDetail::usual)};
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 82U) << line; // "…" has 3 bytes
}

TEST(TimesReport, ShowsTheSlowestSteps) {
    model::RunReport run;
    run.modules.resize(1);
    run.modules[0].name = "m";
    for (int i = 1; i <= 12; ++i) {
        model::Step one;
        one.phase = model::Phase::script;
        one.name = fmt::format("scripts/{}.sh", i);
        one.wall_s = i;
        run.modules[0].steps.push_back(one);
    }
    const std::string report = report_of(run, false, TimesDetail::usual);
    const std::string slowest = report.substr(report.find("slowest steps"));
    EXPECT_THAT(slowest, testing::ContainsRegex("^slowest steps\n    m: scripts/12.sh  *12.0 s "
                                                "##########################\n    m: scripts/11.sh "));
    EXPECT_THAT(slowest, testing::HasSubstr("m: scripts/3.sh "));
    EXPECT_THAT(slowest, testing::Not(testing::HasSubstr("m: scripts/2.sh "))) << "ten are enough";
    run.modules[0].steps.resize(2);
    EXPECT_THAT(report_of(run, false, TimesDetail::usual), testing::Not(testing::HasSubstr("slowest")));
}

TEST(TimesReport, InColourDiffersInItsHeadOnly) {
    const std::string plain = report_of(tests::example_run().run);
    const std::string head = plain.substr(0, plain.find('\n'));
    EXPECT_EQ(report_of(tests::example_run().run, true),
              "\033[1m" + head + "\033[0m" + plain.substr(head.size()));
}

TEST(TimesReport, OfNothingHasTotals) {
    const auto rows = rows_of({});
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_THAT(rows[1], ElementsAre("sum", "of", "the", "steps", "0.0", "0.0", "0.0", "0", "0", "0", "0",
                                     "0", "0", "0", "0"));
    EXPECT_THAT(rows[2], ElementsAre("whole", "run", "0.0"));
}

model::Step step(double wall_s, int exit, int signal, std::int64_t rss) {
    model::Step made;
    made.name = "s";
    made.wall_s = wall_s;
    made.exit = exit;
    made.signal = signal;
    made.usage.max_rss_kib = rss;
    made.usage.user_s = wall_s / 2;
    made.usage.minor_faults = 1;
    return made;
}

TEST(TimesReport, CutsALongNameBetweenCharacters) {
    for (std::size_t ascii = 0; ascii < 4; ++ascii) {
        model::RunReport run;
        run.modules.resize(1);
        run.modules[0].steps = {step(0.5, 0, 0, 1)};
        std::string& name = run.modules[0].steps[0].name;
        name.assign(ascii, 'x');
        for (int i = 0; i < 30; ++i) name += "ü";
        EXPECT_TRUE(sys::is_utf8(report_of(run))) << ascii;
    }
}

TEST(TimesReport, SumsUpAModule) {
    model::RunReport run;
    run.modules.resize(2);
    run.modules[0].name = "a";
    run.modules[0].steps = {step(0.25, 0, 0, 10), step(0.5, 7, 0, 30), step(0.25, 8, 0, 20)};
    run.modules[1].name = "without-steps";
    const auto rows = rows_of(run);
    ASSERT_EQ(rows.size(), 7U) << "head, module, three steps, two totals";
    EXPECT_THAT(rows[1], ElementsAre("a", "1000.0", "500.0", "0.0", "30", "3", "0", "0", "0", "0", "0", "7"));
    EXPECT_EQ(rows[5][4], "1000.0");
    EXPECT_EQ(rows[5][7], "30") << "the largest, not the sum";
}

TEST(TimesReport, ShowsASignalInTheColumnOfTheExit) {
    model::RunReport run;
    run.modules.resize(1);
    run.modules[0].name = "a";
    run.modules[0].steps = {step(0.25, 0, 0, 10), step(0.5, 0, 9, 30)};
    EXPECT_THAT(report_of(run), testing::ContainsRegex("\na .* sig 9\n"));
    EXPECT_THAT(report_of(run), testing::ContainsRegex("\n    script s .* 0\n    script s .* sig 9\n"));
}

TEST(TimesReport, NamesTheCommandOfExec) {
    model::RunReport run;
    run.modules.resize(1);
    run.modules[0].steps = {step(0.25, 0, 0, 10)};
    EXPECT_THAT(report_of(run), testing::HasSubstr("\n(the command) "));
}

struct LabelRow {
    const char* name;
    model::Phase phase;
    std::string step;
    std::string expected;
};
class Label : public testing::TestWithParam<LabelRow> {};

TEST_P(Label, NamesPhaseAndStep) {
    model::RunReport run;
    run.metrics.resize(1);
    run.metrics[0].phase = GetParam().phase;
    run.metrics[0].name = GetParam().step;
    EXPECT_THAT(report_of(run), testing::HasSubstr("\n    " + GetParam().expected + " "));
}

INSTANTIATE_TEST_SUITE_P(
    Steps, Label,
    testing::Values(LabelRow{"phase_in_the_name", model::Phase::script, "scripts/10-x.sh", "scripts/10-x.sh"},
                    LabelRow{"only_the_phase", model::Phase::merge, "merge", "merge"},
                    LabelRow{"phase_before", model::Phase::fetch, "parameters", "fetch parameters"},
                    LabelRow{"controls", model::Phase::script, "scripts/\033[2J",
                             "script \"scripts/\\033[2J\""},
                    LabelRow{"longest", model::Phase::script, "scripts/" + std::string(28, 'x'),
                             "scripts/" + std::string(28, 'x')},
                    LabelRow{"too_long", model::Phase::script, "scripts/" + std::string(29, 'x'),
                             "scripts/" + std::string(27, 'x') + "…"}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::report
