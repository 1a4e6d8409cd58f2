#include "runner/report/json_report.hpp"
#include "tests/support/example_run.hpp"
#include "tests/support/golden.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;

std::string report_of(const model::RunReport& run, const ChangeLog& changes) {
    return tests::collected(
        [&](const auto& write) { write_json_report(run, changes, Contents::all, write); });
}

json parsed(const tests::ExampleRun& example) { return json::parse(report_of(example.run, example.changes)); }

TEST(JsonReport, OfEverythingIsTheGoldenOne) {
    const tests::ExampleRun example = tests::example_run();
    tests::expect_golden("everything.json", report_of(example.run, example.changes));
}

TEST(JsonReport, OfNothingIsTheGoldenOne) {
    const tests::ExampleRun empty;
    tests::expect_golden("nothing.json", report_of(empty.run, empty.changes));
}

TEST(JsonReport, IsJsonWithOneModuleOfEveryOutcome) {
    const json report = parsed(tests::example_run());
    EXPECT_EQ(report.at("schema"), 1);
    std::vector<std::string> outcomes;
    for (const json& module : report.at("modules")) outcomes.push_back(module.at("outcome"));
    EXPECT_THAT(outcomes, testing::ElementsAre("in-sync", "changed", "failed", "failed", "skipped"));
}

TEST(JsonReport, GivesEachModuleItsOwnChanges) {
    const json modules = parsed(tests::example_run()).at("modules");
    EXPECT_EQ(modules[0].at("changes").size(), 0U);
    EXPECT_EQ(modules[1].at("changes").size(), 13U);
    ASSERT_EQ(modules[2].at("changes").size(), 1U);
    EXPECT_EQ(modules[2].at("changes")[0].at("path"), "/etc/half");
    EXPECT_EQ(modules[4].at("changes").size(), 0U);
}

TEST(JsonReport, HoldsNullWhereNothingIsToBeSaid) {
    const json report = parsed(tests::example_run());
    EXPECT_TRUE(report.at("run").at("failure").is_null());
    EXPECT_TRUE(report.at("modules")[0].at("reason").is_null());
    EXPECT_TRUE(report.at("modules")[1].at("steps")[0].at("profile").is_null());
    tests::ExampleRun empty;
    EXPECT_TRUE(parsed(empty).at("merge").at("undo").is_null());
    empty.run.failure = "because";
    EXPECT_EQ(parsed(empty).at("run").at("failure"), "because");
}

struct StringRow {
    const char* name;
    std::string bytes;
    std::string read_back;
};
class JsonStrings : public testing::TestWithParam<StringRow> {};

TEST_P(JsonStrings, AreReadBack) {
    tests::ExampleRun example;
    example.run.node = GetParam().bytes;
    EXPECT_EQ(parsed(example).at("run").at("node"), GetParam().read_back);
}

INSTANTIATE_TEST_SUITE_P(Bytes, JsonStrings,
                         testing::Values(StringRow{"plain", "web1", "web1"},
                                         StringRow{"quotes", "a\"b\\c", "a\"b\\c"},
                                         StringRow{"blanks", "a\n\t\r", "a\n\t\r"},
                                         StringRow{"controls", "\x01\x1b\x7f", "\x01\x1b\x7f"},
                                         StringRow{"nul", std::string{"a\0b", 3}, std::string{"a\0b", 3}},
                                         StringRow{"utf8", "\xc3\xa4\xe2\x86\x92", "\xc3\xa4\xe2\x86\x92"},
                                         StringRow{"no_utf8", "a\xff", "a\\377"},
                                         StringRow{"half_a_character", "a\xc3", "a\\303"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(JsonReport, StreamsManyChangesInOrder) {
    tests::ExampleRun example;
    example.run.modules.resize(1);
    model::Change change;
    change.after = model::ObjectState{};
    constexpr std::size_t many = 3000;
    for (std::size_t i = 0; i < many; ++i) {
        change.path = "/" + std::to_string(i);
        example.add(change);
    }
    std::size_t pieces = 0, largest = 0;
    std::string text;
    write_json_report(example.run, example.changes, Contents::all, [&](std::string_view piece) {
        ++pieces;
        largest = std::max(largest, piece.size());
        text += piece;
    });
    EXPECT_GT(pieces, 5U);
    EXPECT_LT(largest, 100000U) << "memory grows with the number of changes";
    const json changes = json::parse(text).at("modules")[0].at("changes");
    ASSERT_EQ(changes.size(), many);
    for (std::size_t i = 0; i < many; ++i) ASSERT_EQ(changes[i].at("path"), "/" + std::to_string(i));
}

} // namespace
} // namespace disco::report
