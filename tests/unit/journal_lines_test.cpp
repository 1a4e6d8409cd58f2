// Lines of the journal, byte for byte: a later disco reads what an earlier one has written, and a crash may
// leave the journal of either.

#include "runner/merge/apply_steps.hpp"
#include "runner/merge/journal_lines.hpp"
#include "runner/merge/undo_steps.hpp"
#include "runner/sys/error.hpp"

#include <memory>
#include <string>
#include <type_traits>

#include <gmock/gmock.h>

namespace disco::merge {
namespace {

using Location = model::ObjectSource::Location;

const model::Stamp stamp{1, 2, {3, 4}, {5, 6}, 0100644, 7, 8};

model::PreparedMetadata metadata() {
    const model::Metadata before{0755, 1, 2, {3, 4}, {5, 6}, {{"user.x", "\xff"}}, {}};
    const model::Metadata after{01777, 3, 4, {5, 6}, {7, 8}, {}, 0x80};
    return {{"", {Location::layer, ""}, stamp, 0x40, nullptr},
            std::make_shared<const model::MetadataChange>(model::MetadataChange{before, after})};
}

struct LineRow {
    const char* name;
    model::PreparedStep step;
    std::string line;
};
class JournalLine : public testing::TestWithParam<LineRow> {};

TEST_P(JournalLine, IsWrittenSo) {
    std::string lines = "before\n";
    append_line(lines, GetParam().step, 3);
    EXPECT_EQ(lines, "before\n" + GetParam().line + "\n");
}

TEST_P(JournalLine, IsReadAsItWasWritten) {
    std::string lines;
    append_line(lines, prepared_step_of(nlohmann::json::parse(GetParam().line)), 3);
    EXPECT_EQ(lines, GetParam().line + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Of, JournalLine,
    testing::Values(
        LineRow{
            "put", model::PreparedPut{{"etc/a b", {Location::layer, "etc/a b"}}, 11},
            R"({"tree":3,"path":"etc/a b","do":"put","from":{"where":"layer","path":"etc/a b","inode":11}})"},
        LineRow{"exchange", model::PreparedExchange{{"x", {Location::staging, "c0"}, stamp}, 12},
                R"({"tree":3,"path":"x","do":"exchange","from":{"where":"staging","path":"c0","inode":12},)"
                R"("expected":[1,2,3,4,5,6,33188,7,8]})"},
        LineRow{"remove", model::Remove{"x", stamp, "0"},
                R"({"tree":3,"path":"x","do":"remove","kept_as":"0","expected":[1,2,3,4,5,6,33188,7,8]})"},
        LineRow{
            "metadata", metadata(),
            R"({"tree":3,"path":"","do":"metadata","like":{"where":"layer","path":"","inode":0},)"
            R"("expected":[1,2,3,4,5,6,33188,7,8],"flags":64,)"
            R"("before":{"atime":[3,4],"flags":null,"gid":2,"mode":493,"mtime":[5,6],"uid":1,)"
            R"("xattrs":[["user.x",{"hex":"ff"}]]},)"
            R"("after":{"atime":[5,6],"flags":128,"gid":4,"mode":1023,"mtime":[7,8],"uid":3,"xattrs":[]}})"},
        LineRow{"odd_names", model::Remove{"\"\\\b\n\x1f\x7f\xc3\xa4", stamp, "0"},
                "{\"tree\":3,\"path\":\"\\\"\\\\\\b\\n\\u001f\x7f\xc3\xa4\",\"do\":\"remove\",\"kept_as\":"
                "\"0\",\"expected\":[1,2,3,4,5,6,33188,7,8]}"},
        LineRow{"no_utf8", model::Remove{std::string{"a\xff\0", 3}, stamp, "0"},
                R"({"tree":3,"path":{"hex":"61ff00"},"do":"remove","kept_as":"0",)"
                R"("expected":[1,2,3,4,5,6,33188,7,8]})"}),
    [](const auto& row) { return std::string{row.param.name}; });

struct PlannedRow {
    const char* name;
    model::LiveStep step;
    std::string line;
};
class SavedLine : public testing::TestWithParam<PlannedRow> {};

TEST_P(SavedLine, IsWrittenAndReadSo) {
    std::string lines, again;
    append_line(lines, GetParam().step, 3);
    EXPECT_EQ(lines, GetParam().line + "\n");
    append_line(again, step_of(nlohmann::json::parse(lines)), 3);
    EXPECT_EQ(again, lines);
}

INSTANTIATE_TEST_SUITE_P(
    Of, SavedLine,
    testing::Values(
        PlannedRow{"put", model::PutNew{"x", {Location::layer, "x"}},
                   R"({"tree":3,"path":"x","do":"put","from":{"where":"layer","path":"x","inode":0}})"},
        PlannedRow{"exchange", model::Exchange{"x", {Location::layer, "x"}, stamp},
                   R"({"tree":3,"path":"x","do":"exchange","from":{"where":"layer","path":"x","inode":0},)"
                   R"("expected":[1,2,3,4,5,6,33188,7,8]})"},
        PlannedRow{"remove", model::Remove{"x", stamp, "0"},
                   R"({"tree":3,"path":"x","do":"remove","kept_as":"0","expected":[1,2,3,4,5,6,33188,7,8]})"},
        PlannedRow{"metadata", model::SetMetadata{"x", {Location::layer, "x"}, stamp, 0, nullptr},
                   R"({"tree":3,"path":"x","do":"metadata","like":{"where":"layer","path":"x","inode":0},)"
                   R"("expected":[1,2,3,4,5,6,33188,7,8],"flags":0})"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(SavedLine, IsNoStepThatCouldBeTakenBack) {
    std::string line;
    append_line(line, model::LiveStep{model::SetMetadata{"x", {Location::layer, "x"}, stamp, 0, nullptr}}, 0);
    EXPECT_THROW((void)prepared_step_of(nlohmann::json::parse(line)), nlohmann::json::exception);
}

TEST(StepLine, OfAnotherKindIsRefused) {
    const auto line = nlohmann::json::parse(R"({"tree":0,"path":"x","do":"dance"})");
    EXPECT_THROW((void)step_of(line), sys::Error);
    EXPECT_THROW((void)prepared_step_of(line), sys::Error);
}

// Only what is prepared is carried out, written to the journal of a merge, and undone.
template <class Plan>
concept Applicable = requires(const Plan& plan, MergePlaces& places, const timespec& moment) {
    apply_steps(plan, places, moment);
    undo_steps(plan, places, moment);
};
static_assert(Applicable<model::PreparedPlan> && !Applicable<model::MergePlan>);
static_assert(!std::is_convertible_v<model::MergePlan, model::PreparedPlan>);

} // namespace
} // namespace disco::merge
