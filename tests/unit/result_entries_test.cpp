// What the journal gets of a run that has ended.

#include "runner/cli/result_entries.hpp"
#include "tests/support/example_run.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::cli {
namespace {

using model::RunOutcome;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;

/// A no-op of one module that changes these paths.
tests::ExampleRun run_of(RunOutcome outcome, model::ExitCode code, std::size_t changes) {
    tests::ExampleRun example;
    example.run.id = "20260131T235959Z-0a1b";
    example.run.node = "web1";
    example.run.outcome = outcome;
    example.run.exit_code = code;
    example.run.mode = outcome == RunOutcome::pending ? model::RunMode::noop : model::RunMode::live;
    example.run.modules.emplace_back().name = "base";
    for (std::size_t i = 0; i < changes; ++i) {
        model::Change change;
        change.path = fmt::format("/etc/file{}", i);
        change.kind = model::ChangeKind::modified;
        change.before.emplace();
        change.after.emplace();
        change.diff = "-password=old\n+password=new\n";
        example.add(change);
    }
    return example;
}

std::vector<std::string> texts(const std::vector<LogEntry>& entries) {
    std::vector<std::string> texts;
    for (const LogEntry& entry : entries) texts.push_back(entry.text);
    return texts;
}

TEST(ResultEntries, NameWhatDiffersAndWarnOfIt) {
    const auto drift = run_of(RunOutcome::pending, model::ExitCode::changes, 2);
    const auto entries = entries_of_result(drift.run, drift.changes);
    EXPECT_THAT(texts(entries),
                ElementsAre("pending: modified /etc/file0", "pending: modified /etc/file1",
                            "2 changes pending; `disco report 20260131T235959Z-0a1b` shows all"));
    EXPECT_THAT(entries, Each(Field(&LogEntry::level, LogLevel::warning)));
    EXPECT_THAT(entries[0].fields, IsSupersetOf(LogFields{{"DISCO_RUN", "20260131T235959Z-0a1b"},
                                                          {"DISCO_NODE", "web1"},
                                                          {"DISCO_MODE", "noop"},
                                                          {"DISCO_OUTCOME", "pending"},
                                                          {"DISCO_EXIT_CODE", "2"},
                                                          {"DISCO_MODULE", "base"},
                                                          {"DISCO_PATH", "/etc/file0"},
                                                          {"DISCO_CHANGE", "modified"}}));
}

TEST(ResultEntries, HoldNothingOfContents) {
    const auto drift = run_of(RunOutcome::pending, model::ExitCode::changes, 1);
    for (const LogEntry& entry : entries_of_result(drift.run, drift.changes))
        EXPECT_THAT(sys::journal_entry(entry_fields(entry.level, entry.text, entry.fields)),
                    Not(HasSubstr("password")));
}

TEST(ResultEntries, OfALiveRunAreNoWarning) {
    const auto done = run_of(RunOutcome::merged, model::ExitCode::done, 1);
    const auto entries = entries_of_result(done.run, done.changes);
    EXPECT_THAT(texts(entries),
                ElementsAre("modified /etc/file0",
                            "1 change merged; `disco report 20260131T235959Z-0a1b` shows all"));
    EXPECT_THAT(entries, Each(Field(&LogEntry::level, LogLevel::info)));
}

TEST(ResultEntries, AreSoMany) {
    const auto drift = run_of(RunOutcome::pending, model::ExitCode::done, 12);
    const auto entries = entries_of_result(drift.run, drift.changes, 10);
    ASSERT_THAT(entries, SizeIs(12));
    EXPECT_EQ(entries[9].text, "pending: modified /etc/file9");
    EXPECT_EQ(entries[10].text, "… and 2 more paths");
    EXPECT_EQ(entries_of_result(drift.run, drift.changes, 12).size(), 13U);
}

TEST(ResultEntries, SayWhyARunFailedAndNameTheModule) {
    auto failed = run_of(RunOutcome::failed, model::ExitCode::failed, 1);
    failed.run.modules[0].outcome = model::ModuleOutcome::failed;
    failed.run.modules[0].reason = "script '10-x.sh' ended with 3";
    const auto entries = entries_of_result(failed.run, failed.changes);
    EXPECT_THAT(texts(entries),
                ElementsAre("failed, exit code 4: module 'base': script '10-x.sh' ended with 3; `disco "
                            "report 20260131T235959Z-0a1b` shows all"));
    EXPECT_EQ(entries[0].level, LogLevel::error);
    EXPECT_THAT(entries[0].fields, Contains(sys::LogField{"DISCO_MODULE", "base"}));
}

TEST(ResultEntries, NameConflicts) {
    auto conflict = run_of(RunOutcome::conflict, model::ExitCode::conflict, 2);
    conflict.run.merge.conflicts = {{"/etc/a\nb", "as it was", "is gone"}};
    const auto entries = entries_of_result(conflict.run, conflict.changes);
    ASSERT_THAT(entries, SizeIs(2));
    EXPECT_EQ(entries[0].text, "conflict: \"/etc/a\\nb\": expected as it was, found: is gone");
    EXPECT_THAT(entries[0].fields, Contains(sys::LogField{"DISCO_PATH", "\"/etc/a\\nb\""}));
    EXPECT_THAT(entries, Each(Field(&LogEntry::level, LogLevel::error)));
}

TEST(ResultEntries, OfARunThatFoundNothingAreOne) {
    const auto done = run_of(RunOutcome::in_sync, model::ExitCode::done, 0);
    const auto entries = entries_of_result(done.run, done.changes);
    EXPECT_THAT(texts(entries), ElementsAre("in-sync; `disco report 20260131T235959Z-0a1b` shows all"));
    EXPECT_EQ(entries[0].level, LogLevel::info);
}

} // namespace
} // namespace disco::cli
