// The journal as a file, also one that a crash has cut off anywhere.

#include "runner/merge/journal.hpp"
#include "runner/merge/journal_lines.hpp"
#include "runner/sys/error.hpp"
#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using merge::JournalRecord;
using testing::ElementsAre;
using testing::HasSubstr;

class JournalFile : public ThrowAwayTest {
protected:
    [[nodiscard]] std::filesystem::path file() const { return place() / "journal"; }

    /// With every kind of step, and names of any bytes.
    static model::PreparedPlan plan() {
        using Location = model::ObjectSource::Location;
        const model::Stamp stamp{1, 2, {3, 4}, {5, 6}, 0100644, 7, 8};
        const std::string odd{"a \"\n\xff\x00z", 7};
        model::PreparedPlan plan;
        plan.live.emplace_back(model::PreparedPut{{odd, {Location::layer, odd}}, 11});
        plan.live.emplace_back(
            model::PreparedExchange{{"etc/\xc3\xa4", {Location::staging, "c0"}, stamp}, 12});
        plan.live.emplace_back(model::Remove{"gone", stamp, "0"});
        plan.live.emplace_back(
            model::PreparedMetadata{{"", {Location::layer, ""}, stamp, 0x40, nullptr},
                                    std::make_shared<const model::MetadataChange>(model::MetadataChange{
                                        {0755, 1, 2, {3, 4}, {5, 6}, {{"user.x", odd}}, {}},
                                        {01777, 3, 4, {5, 6}, {7, 8}, {}, 0x80}})});
        plan.parents_before.push_back({"etc", {1, 2}, {3, 4}, timespec{5, 6}});
        plan.parents_before.push_back({"srv", {1, 2}, {3, 4}});
        plan.parents_after.push_back({"etc", {9, 10}, {11, 12}});
        return plan;
    }
    static std::string text_of(const model::PreparedPlan& plan) {
        std::string text;
        for (const model::PreparedStep& step : plan.live) merge::append_line(text, step, 0);
        for (const auto& parent : plan.parents_before)
            text += parent.path + merge::to_json(parent.mtime).dump() +
                    (parent.ctime ? merge::to_json(*parent.ctime).dump() : "");
        for (const auto& parent : plan.parents_after)
            text += parent.path + merge::to_json(parent.atime).dump() + merge::to_json(parent.mtime).dump();
        return text;
    }
    void write_whole() const {
        merge::Journal journal{
            file(), {"run", "/root\xff", "1.0", "other"}, {{"/home", "/live\xfe", ".disco-run", {}}}};
        journal.steps({plan()});
        journal.planned({100, 200});
        journal.commit({300, 400});
    }
};

TEST_F(JournalFile, IsReadAsItWasWritten) {
    write_whole();
    const auto record = merge::read_journal(file());
    ASSERT_TRUE(record);
    EXPECT_EQ(record->heading.root, "/root\xff");
    EXPECT_EQ(record->heading.rolls_back, "other");
    ASSERT_EQ(record->trees.size(), 1U);
    EXPECT_EQ(record->trees[0].live, "/live\xfe");
    EXPECT_EQ(record->trees[0].staging, ".disco-run");
    EXPECT_EQ(text_of(record->plans.at(0)), text_of(plan()));
    EXPECT_EQ(record->planned->tv_sec, 100);
    EXPECT_EQ(record->committed->tv_nsec, 400);
}

/// In the same form; what is known once a merge is prepared is not in it.
TEST_F(JournalFile, OfASavedPlanHasStepsThatAreNotPrepared) {
    using Location = model::ObjectSource::Location;
    model::MergePlan saved;
    saved.live.emplace_back(model::PutNew{"a", {Location::layer, "a"}});
    saved.live.emplace_back(model::SetMetadata{"b", {Location::layer, "b"}, {}, 0x40, nullptr});
    saved.parents_after.push_back({"etc", {1, 2}, {3, 4}});
    {
        merge::Journal journal{file(), {"run", "/root", "1.0", {}}, {{"", "/live", {}, {}}}};
        journal.steps({saved});
        EXPECT_FALSE(merge::read_saved_plan(file())) << "not yet whole";
        journal.planned({100, 200});
    }
    const auto plan = merge::read_saved_plan(file());
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->heading.root, "/root");
    EXPECT_EQ(plan->trees.at(0).live, "/live");
    EXPECT_EQ(plan->planned.tv_nsec, 200);
    std::string before, after;
    for (const model::LiveStep& step : saved.live) merge::append_line(before, step, 0);
    for (const model::LiveStep& step : plan->plans.at(0).live) merge::append_line(after, step, 0);
    EXPECT_EQ(after, before);
    EXPECT_EQ(plan->plans.at(0).parents_after.at(0).mtime.tv_sec, 3);
    // It is no merge's: how that would set the metadata back is not known.
    EXPECT_THROW((void)merge::read_journal(file()), sys::Error);
}

TEST_F(JournalFile, OfAMergeIsNoSavedPlan) {
    write_whole();
    EXPECT_THROW((void)merge::read_saved_plan(file()), sys::Error);
}

TEST_F(JournalFile, SaysWhenItWasCommittedLast) {
    write_whole();
    ASSERT_TRUE(merge::read_committed(file()));
    EXPECT_EQ(merge::read_committed(file())->tv_nsec, 400);
    merge::note_committed_again(file(), {500, 600});
    EXPECT_EQ(merge::read_committed(file())->tv_sec, 500);
    const std::string whole = sys::read_file(file());
    sys::write_file(file(), whole.substr(0, whole.find("\n{\"committed\"") + 1), 0600);
    EXPECT_FALSE(merge::read_committed(file()));
    sys::write_file(file(), "\n{\"committed\":[1]}\n", 0600);
    EXPECT_FALSE(merge::read_committed(file()));
}

TEST_F(JournalFile, CutOffAnywhereSaysNoMoreThanWasOnDisk) {
    write_whole();
    const std::string whole = sys::read_file(file());
    const std::size_t planned = whole.find('\n', whole.find("\"planned\""));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        sys::write_file(file(), whole.substr(0, size), 0600);
        const auto record = merge::read_journal(file());
        EXPECT_EQ(record.has_value(), size > whole.find('\n')) << size;
        if (!record) continue;
        EXPECT_EQ(record->planned.has_value(), size > planned) << size;
        EXPECT_FALSE(record->committed) << size;
        merge::note_undone(file(), {"srv/\xff: theirs"});
        const auto undone = merge::read_journal(file());
        EXPECT_TRUE(undone->undone) << size;
        EXPECT_THAT(undone->foreign, ElementsAre("srv/\xff: theirs"));
    }
}

TEST_F(JournalFile, OneThatNamesNothingForeignIsRead) { // as the first ones did not
    write_whole();
    sys::write_file(file(), sys::read_file(file()) + "{\"undone\":true}\n", 0600);
    const auto record = merge::read_journal(file());
    EXPECT_TRUE(record->undone);
    EXPECT_TRUE(record->foreign.empty());
}

TEST_F(JournalFile, RubbishAfterACrashIsNoPlan) {
    write_whole();
    const std::string whole = sys::read_file(file());
    const std::size_t steps = whole.find('\n') + 1;
    sys::write_file(file(), whole.substr(0, steps) + std::string(300, '\0') + "\n", 0600);
    EXPECT_FALSE(merge::read_journal(file())->planned);
    // But a plan that was whole once and is damaged now must not be taken for none.
    std::string damaged = whole;
    damaged[steps + 3] = '\0';
    sys::write_file(file(), damaged, 0600);
    EXPECT_THROW((void)merge::read_journal(file()), sys::Error);
    sys::write_file(file(), whole.substr(0, steps) + whole.substr(whole.find('\n', steps) + 1), 0600);
    EXPECT_THROW((void)merge::read_journal(file()), sys::Error) << "a step is missing";
}

TEST_F(JournalFile, OfAnotherVersionIsRefused) {
    sys::write_file(file(), "{\"disco-journal\":2,\"disco_version\":\"9.9\"}\n", 0600);
    try {
        (void)merge::read_journal(file());
        FAIL();
    } catch (const sys::Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("it is of version 2"));
        EXPECT_THAT(error.what(), HasSubstr("9.9"));
    }
}

} // namespace
} // namespace disco::tests
