// The merge plan: what every kind of entry asks of the live root.

#include "runner/model/merge_plan.hpp"
#include "runner/model/prepared_plan.hpp"

#include <utility>

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace disco::model {
namespace {

using Kind = ComposedEntry::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

std::shared_ptr<const Stamp> stamp(std::uint64_t inode) {
    Stamp stamp;
    stamp.inode = inode;
    return std::make_shared<const Stamp>(stamp);
}

/// "replace '/etc/x' (5)": the step and the inode that it expects to find.
std::vector<std::string> lines(const MergePlan& plan) {
    std::vector<std::string> text;
    for (const LiveStep& step : plan.live) {
        std::string line = describe(step);
        std::visit(
            [&](const auto& one) {
                if constexpr (requires { one.expected; }) line += fmt::format(" ({})", one.expected.inode);
            },
            step);
        text.push_back(line);
    }
    return text;
}

struct Row {
    const char* name;
    Kind kind;
    bool over_live;
    const char* expected; ///< empty: no step
};
class Cell : public testing::TestWithParam<Row> {};

TEST_P(Cell, IsOneStepAtMost) {
    Composition composition;
    composition.enter("x", {.kind = GetParam().kind, .live = GetParam().over_live ? stamp(5) : nullptr});
    const MergePlan plan = plan_merge(composition);
    if (*GetParam().expected == '\0')
        EXPECT_THAT(lines(plan), IsEmpty());
    else
        EXPECT_THAT(lines(plan), ElementsAre(GetParam().expected));
    EXPECT_THAT(plan.clean, IsEmpty());
}

// One row for every kind, with and without a live object below.
INSTANTIATE_TEST_SUITE_P(
    Entry, Cell,
    testing::Values(Row{"absent_over_live", Kind::absent, true, "remove '/x' (5)"},
                    Row{"absent_over_nothing", Kind::absent, false, ""},
                    Row{"object_over_live", Kind::object, true, "replace '/x' (5)"},
                    Row{"object_over_nothing", Kind::object, false, "put '/x'"},
                    Row{"directory_over_live", Kind::directory, true, "replace '/x' (5)"},
                    Row{"directory_over_nothing", Kind::directory, false, "put '/x'"},
                    Row{"metadata_over_live", Kind::metadata, true, "set the metadata of '/x' (5)"},
                    Row{"metadata_over_nothing", Kind::metadata, false, ""},
                    Row{"equal_over_live", Kind::equal, true, ""},
                    Row{"equal_over_nothing", Kind::equal, false, ""}),
    [](const auto& row) { return std::string{row.param.name}; });

ComposedEntry linked(Kind kind, std::uint64_t inode, std::uint64_t live) {
    return {.kind = kind, .live = live == 0 ? nullptr : stamp(live), .inode = inode};
}

TEST(MergePlan, LetsEqualNamesOfOneFileStay) {
    Composition composition;
    composition.enter("a", linked(Kind::equal, 7, 1));
    composition.enter("b", linked(Kind::equal, 7, 1));
    EXPECT_THAT(lines(plan_merge(composition)), IsEmpty());
}

TEST(MergePlan, BringsAllNamesOfAFileOneOfWhichIsNew) {
    Composition composition;
    composition.enter("a", linked(Kind::equal, 7, 1));
    composition.enter("b", linked(Kind::metadata, 7, 1));
    composition.enter("c", linked(Kind::object, 7, 0));
    EXPECT_THAT(lines(plan_merge(composition)),
                ElementsAre("replace '/a' (1)", "replace '/b' (1)", "put '/c'"));
}

TEST(MergePlan, SetsMetadataOfAFileOnce) {
    Composition composition;
    composition.enter("a", linked(Kind::metadata, 7, 1));
    composition.enter("b", linked(Kind::metadata, 7, 1));
    composition.enter("c", linked(Kind::metadata, 8, 2));
    EXPECT_THAT(lines(plan_merge(composition)),
                ElementsAre("set the metadata of '/a' (1)", "set the metadata of '/c' (2)"));
}

TEST(MergePlan, BringsNamesThatBecameOneFileOrCeasedToBe) {
    Composition composition;
    composition.enter("joined-a", linked(Kind::equal, 7, 1));
    composition.enter("joined-b", linked(Kind::equal, 7, 2));
    composition.enter("parted-a", linked(Kind::equal, 8, 3));
    composition.enter("parted-b", linked(Kind::equal, 9, 3));
    EXPECT_EQ(plan_merge(composition).live.size(), 4U);
}

TEST(MergePlan, LetsAFileStayWhoseOtherNameIsSomethingElseNow) {
    Composition composition;
    composition.enter("a", linked(Kind::object, 8, 1));
    composition.enter("b", linked(Kind::equal, 7, 1));
    composition.enter("c", {.kind = Kind::absent, .live = stamp(1)});
    EXPECT_THAT(lines(plan_merge(composition)), ElementsAre("replace '/a' (1)", "remove '/c' (1)"));
}

TEST(MergePlan, GivesTimesToDirectoriesOfStepsOnly) {
    Composition composition;
    composition.enter("d/a", {.kind = Kind::object});
    for (const char* path : {"", "d", "other"}) composition.note_time(path, {.tv_sec = 5, .tv_nsec = 0});
    const MergePlan plan = plan_merge(composition);
    ASSERT_EQ(plan.parents_after.size(), 1U);
    EXPECT_EQ(plan.parents_after[0].path, "d");
    EXPECT_EQ(plan.parents_after[0].mtime.tv_sec, 5);
}

TEST(MergePlan, BringsANewDirectoryAsAWhole) {
    Composition composition;
    composition.enter("new", {.kind = Kind::directory, .live = {}});
    composition.enter("new/a", {.kind = Kind::object, .live = {}});
    composition.enter("new/b", {.kind = Kind::directory, .live = {}});
    composition.enter("new/b/c", {.kind = Kind::object, .live = {}});
    composition.enter("next", {.kind = Kind::object, .live = {}});
    EXPECT_THAT(lines(plan_merge(composition)), ElementsAre("put '/new'", "put '/next'"));
}

TEST(MergePlan, GoesIntoADirectoryThatStays) {
    Composition composition;
    composition.enter("etc", {.kind = Kind::metadata, .live = stamp(1)});
    composition.enter("etc/x", {.kind = Kind::object, .live = stamp(2)});
    composition.enter("etc/y", {.kind = Kind::absent, .live = stamp(3)});
    EXPECT_THAT(lines(plan_merge(composition)),
                ElementsAre("set the metadata of '/etc' (1)", "replace '/etc/x' (2)", "remove '/etc/y' (3)"));
}

TEST(MergePlan, CleansEveryObjectThatCarriesBookkeeping) {
    Composition composition;
    composition.enter("new", {.kind = Kind::directory, .has_bookkeeping = true, .live = {}});
    composition.enter("new/a", {.kind = Kind::object, .has_bookkeeping = true, .live = {}});
    composition.enter("new/b", {.kind = Kind::object, .live = {}});
    composition.enter("x", {.kind = Kind::object, .has_bookkeeping = true, .live = stamp(1)});
    // Nothing of its metadata's source is brought along.
    composition.enter("y", {.kind = Kind::metadata, .has_bookkeeping = true, .live = stamp(2)});
    composition.enter("z", {.kind = Kind::object, .has_bookkeeping = true, .only_origin = true, .live = {}});
    const MergePlan plan = plan_merge(composition);
    EXPECT_THAT(plan.clean, ElementsAre("new", "new/a", "x"));
    EXPECT_THAT(plan.clean_origin, ElementsAre("z"));
}

TEST(MergePlan, GivesEveryRemovedObjectANameOfItsOwn) {
    Composition composition;
    composition.enter("a", {.kind = Kind::absent, .live = stamp(1)});
    composition.enter("b/a", {.kind = Kind::absent, .live = stamp(2)});
    const MergePlan plan = plan_merge(composition);
    ASSERT_EQ(plan.live.size(), 2U);
    EXPECT_NE(std::get<Remove>(plan.live[0]).kept_as, std::get<Remove>(plan.live[1]).kept_as);
}

TEST(PreparedStep, IsDescribedAsThePlannedOne) {
    const ObjectSource from{ObjectSource::Location::layer, "x"};
    for (const auto& [planned, prepared] :
         {std::pair<LiveStep, PreparedStep>{PutNew{"x", from}, PreparedPut{{"x", from}, 1}},
          {Exchange{"x", from, {}}, PreparedExchange{{"x", from, {}}, 1}},
          {Remove{"x", {}, "0"}, Remove{"x", {}, "0"}},
          {SetMetadata{"x", from, {}}, PreparedMetadata{{"x", from, {}}, nullptr}}}) {
        EXPECT_EQ(describe(prepared, "/home"), describe(planned, "/home"));
        EXPECT_EQ(path_of(prepared), "x");
    }
}

TEST(MergePlan, OfNothingIsEmpty) { EXPECT_THAT(plan_merge(Composition{}).live, IsEmpty()); }

} // namespace
} // namespace disco::model
