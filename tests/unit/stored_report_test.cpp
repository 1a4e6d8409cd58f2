#include "runner/report/json_report.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/report/text_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/example_run.hpp"

#include <filesystem>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::string json_of(const model::RunReport& run, const ChangeLog& changes) {
    return tests::collected(
        [&](const auto& write) { write_json_report(run, changes, Contents::all, write); });
}

std::string text_of(const model::RunReport& run, const ChangeLog& changes, Detail detail) {
    return tests::collected(
        [&](const auto& write) { write_text_report(run, changes, {.detail = detail}, write); });
}

class StoredReports : public testing::Test {
protected:
    [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "report.json"; }
    [[nodiscard]] StoredReport load(std::string_view text) const {
        sys::write_file(file(), text, 0600);
        return load_report(file(), directory_.path());
    }

private:
    sys::OwnedDirectory directory_{std::filesystem::temp_directory_path(), "stored-report-test-"};
};

TEST_F(StoredReports, HoldEverything) {
    tests::ExampleRun example = tests::example_run();
    example.run.merge.conflicts.push_back({"/srv/\xff\n", "as it was", "it is gone"});
    const std::string text = json_of(example.run, example.changes);
    const StoredReport stored = load(text);
    EXPECT_EQ(json_of(stored.run, stored.changes), text) << "every byte is the same";
    EXPECT_EQ(stored.changes.size(), example.changes.size());
    EXPECT_EQ(stored.run.merge.conflicts.back().path, "/srv/\xff\n");
}

TEST_F(StoredReports, KnowWhatAShortReportLeavesOut) {
    tests::ExampleRun example = tests::example_run();
    const std::size_t owned = example.changes.size();
    model::Change change;
    change.path = "/usr/share/x";
    change.after.emplace();
    change.diff = "--- a/x\n";
    example.changes.append(recorded(change, "x"));
    example.run.modules.back().first_change = owned;
    example.run.modules.back().change_counts = {1};
    const auto shortly = [](const model::RunReport& run, const ChangeLog& changes) {
        return tests::collected(
            [&](const auto& write) { write_json_report(run, changes, Contents::short_, write); });
    };
    const StoredReport stored = load(json_of(example.run, example.changes));
    EXPECT_TRUE(stored.changes.can_be_short());
    EXPECT_EQ(json_of(stored.run, stored.changes), json_of(example.run, example.changes));
    EXPECT_EQ(shortly(stored.run, stored.changes), shortly(example.run, example.changes));
    EXPECT_NE(shortly(example.run, example.changes), json_of(example.run, example.changes));
    EXPECT_FALSE(load(shortly(example.run, example.changes)).changes.can_be_short());
}

TEST_F(StoredReports, AreToldAsTheRunWas) {
    const tests::ExampleRun example = tests::example_run();
    const StoredReport stored = load(json_of(example.run, example.changes));
    for (const Detail detail : {Detail::quiet, Detail::stat, Detail::changes, Detail::diff, Detail::verbose})
        EXPECT_EQ(text_of(stored.run, stored.changes, detail), text_of(example.run, example.changes, detail));
}

TEST_F(StoredReports, KnowEveryWordThatIsWritten) {
    using model::RunOutcome;
    tests::ExampleRun example = tests::example_run();
    for (const RunOutcome outcome :
         {RunOutcome::in_sync, RunOutcome::pending, RunOutcome::merged, RunOutcome::failed,
          RunOutcome::conflict, RunOutcome::undone, RunOutcome::interrupted})
        for (const model::RunMode mode : {model::RunMode::noop, model::RunMode::live}) {
            example.run.outcome = outcome;
            example.run.mode = mode;
            const StoredReport stored = load(json_of(example.run, example.changes));
            EXPECT_EQ(stored.run.outcome, outcome);
            EXPECT_EQ(stored.run.mode, mode);
        }
}

TEST_F(StoredReports, HoldAnEmptyRun) {
    const tests::ExampleRun empty;
    const StoredReport stored = load(json_of(empty.run, empty.changes));
    EXPECT_EQ(json_of(stored.run, stored.changes), json_of(empty.run, empty.changes));
    EXPECT_EQ(stored.changes.size(), 0U);
}

TEST_F(StoredReports, ThatAreAbsentAreAnError) {
    EXPECT_THAT([&] { (void)load_report(file(), file().parent_path()); },
                ThrowsMessage<sys::Error>(HasSubstr(file().string())));
}

struct DamageRow {
    const char* name;
    std::function<std::string(json)> damage;
    std::string fault;
};
class DamagedReport : public StoredReports, public testing::WithParamInterface<DamageRow> {};

TEST_P(DamagedReport, IsRefused) {
    const tests::ExampleRun example = tests::example_run();
    const std::string text = GetParam().damage(json::parse(json_of(example.run, example.changes)));
    try {
        (void)load(text);
        ADD_FAILURE() << "it was read";
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.full_text(), HasSubstr("reading the report '" + file().string() + "'"));
        EXPECT_THAT(error.what(), HasSubstr(GetParam().fault));
    }
}

/// Something else at a place of the report.
std::function<std::string(json)> with(const char* place, const json& value) {
    return [=](json report) {
        report.at(json::json_pointer{place}) = value;
        return report.dump();
    };
}

std::function<std::string(json)> without(const char* parent, const char* member) {
    return [=](json report) {
        report.at(json::json_pointer{parent}).erase(member);
        return report.dump();
    };
}

INSTANTIATE_TEST_SUITE_P(
    Reports, DamagedReport,
    testing::Values(
        DamageRow{"empty", [](const json&) { return std::string{}; }, "it is damaged"},
        DamageRow{"cut_off", [](const json& report) { return report.dump().substr(0, 1000); },
                  "it is damaged"},
        DamageRow{"no_object", [](const json&) { return std::string{"[1]"}; }, "it is damaged"},
        DamageRow{"later_schema", with("/schema", 2), "its schema is 2, this version reads 1"},
        DamageRow{"schema_as_text", with("/schema", "1"), "its schema is \"1\", this version reads 1"},
        DamageRow{"no_schema", without("", "schema"), "it is damaged"},
        DamageRow{"no_node", without("/run", "node"), "it is damaged"},
        DamageRow{"mode", with("/run/mode", "dry"), "the word 'dry' is not known"},
        DamageRow{"no_outcome", with("/run/outcome", nullptr), "the word '' is not known"},
        DamageRow{"module_outcome", with("/modules/0/outcome", "odd"), "the word 'odd' is not known"},
        DamageRow{"phase", with("/metrics/0/phase", "dance"), "the word 'dance' is not known"},
        DamageRow{"profile", with("/modules/1/steps/1/profile", "lax"), "the word 'lax' is not known"},
        DamageRow{"notice", with("/modules/1/notices/0/kind", "hint"), "the word 'hint' is not known"},
        DamageRow{"action", with("/modules/1/actions/0/outcome", "maybe"), "the word 'maybe' is not known"},
        DamageRow{"change", with("/modules/1/changes/0/kind", "moved"), "the word 'moved' is not known"},
        DamageRow{"change_without_a_kind", without("/modules/1/changes/0", "kind"), "'kind': it is missing"},
        DamageRow{"change_without_a_size", without("/modules/1/changes/0/after", "size"),
                  "'after.size': it is missing"},
        DamageRow{"change_as_text", with("/modules/1/changes/0", "/etc/motd"), "a change in it is no object"},
        DamageRow{"module_as_text", with("/modules/1", "web"), "a module in it is no object"},
        DamageRow{"text_for_a_number", with("/run/exit_code", "three"), "it is damaged"},
        DamageRow{"number_for_a_text", with("/modules/1/name", 3), "it is damaged"}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::report
