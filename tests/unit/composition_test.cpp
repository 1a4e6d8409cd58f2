// What all layers together make of a tree, and the order of paths on which it stands.

#include "runner/model/composition.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::model {
namespace {

using Kind = ComposedEntry::Kind;
using Below = Composition::Below;
using testing::ElementsAre;
using testing::IsEmpty;

ComposedEntry entry(Kind kind) { return {.kind = kind, .live = {}}; }

std::vector<std::string> paths(const Composition::Range& range) {
    std::vector<std::string> found;
    for (auto at = range.begin; at != range.end; ++at) found.push_back(at->first);
    return found;
}

struct OrderRow {
    const char *name, *smaller, *larger;
};
class Order : public testing::TestWithParam<OrderRow> {};

TEST_P(Order, PutsADirectoryRightBeforeWhatIsInIt) {
    const PathOrder less;
    EXPECT_TRUE(less(GetParam().smaller, GetParam().larger));
    EXPECT_FALSE(less(GetParam().larger, GetParam().smaller));
}

INSTANTIATE_TEST_SUITE_P(Path, Order,
                         testing::Values(OrderRow{"root_first", "", "a"},
                                         OrderRow{"directory_first", "a", "a/b"},
                                         OrderRow{"inside_before_its_neighbour", "a/z", "a-b"},
                                         OrderRow{"control_bytes_after_slash", "a/z", "a\x01"},
                                         OrderRow{"high_bytes_last", "az", "a\xff"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(Composition, KnowsWhoAnswersForAPath) {
    Composition composition;
    EXPECT_EQ(composition.below("etc/x"), Below::live);
    composition.enter("new", entry(Kind::directory));
    composition.enter("new/file", entry(Kind::object));
    composition.enter("etc", entry(Kind::metadata));
    composition.enter("gone", entry(Kind::absent));
    composition.enter("was-directory", entry(Kind::object));
    EXPECT_EQ(composition.below("new/file"), Below::composed);
    EXPECT_EQ(composition.below("new/other"), Below::absent);
    EXPECT_EQ(composition.below("new/other/deeper"), Below::absent);
    EXPECT_EQ(composition.below("etc/x"), Below::live);
    EXPECT_EQ(composition.below("gone"), Below::composed);
    EXPECT_EQ(composition.below("gone/x"), Below::absent);
    EXPECT_EQ(composition.below("was-directory/x"), Below::absent);
    EXPECT_EQ(composition.below("newer"), Below::live);
}

/// Every ancestor is looked for, one by one.
bool hidden(const Composition& composition, std::string path) {
    while (!path.empty()) {
        path.resize(path.find('/') == std::string::npos ? 0 : path.rfind('/'));
        const ComposedEntry* above = composition.find(path);
        if (above != nullptr && above->kind != Kind::metadata) return true;
    }
    return false;
}

TEST(Composition, FindsWhatHidesAPathInAnyCompany) {
    std::mt19937 random{1}; // NOLINT(cert-msc51-cpp): the same each time
    const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
    const auto path = [&] {
        std::string made;
        for (unsigned left = below(6); left > 0; --left) {
            made += made.empty() ? "" : "/";
            for (unsigned bytes = 1 + below(2); bytes > 0; --bytes) made += "ab.\x01"[below(4)];
        }
        return made;
    };
    int found = 0;
    for (int round = 0; round < 300; ++round) {
        Composition composition;
        for (unsigned left = below(40); left > 0; --left)
            composition.enter(path(), entry(below(4) == 0 ? Kind::absent : Kind::metadata));
        for (int i = 0; i < 100; ++i) {
            const std::string one = path();
            const bool expected = hidden(composition, one);
            found += expected ? 1 : 0;
            ASSERT_EQ(composition.hidden_by_ancestor(one), expected) << one;
        }
    }
    EXPECT_GT(found, 1000);
    EXPECT_LT(found, 29000);
}

TEST(Composition, FindsWhatIsInADirectoryAndNothingElse) {
    Composition composition;
    for (const char* path : {"a", "a/b", "a/b/c", "a-b", "ab", "b"})
        composition.enter(path, entry(Kind::object));
    EXPECT_THAT(paths(composition.inside("a")), ElementsAre("a/b", "a/b/c"));
    EXPECT_THAT(paths(composition.inside("a/b")), ElementsAre("a/b/c"));
    EXPECT_THAT(paths(composition.inside("nowhere")), IsEmpty());
    EXPECT_THAT(paths(composition.inside("")), ElementsAre("a", "a/b", "a/b/c", "a-b", "ab", "b"));
    composition.forget_inside("a");
    EXPECT_THAT(paths(composition.inside("")), ElementsAre("a", "a-b", "ab", "b"));
}

TEST(Composition, KeepsTheLastOfWhatIsEntered) {
    Composition composition;
    composition.enter("x", entry(Kind::object));
    composition.enter("x", entry(Kind::absent));
    ASSERT_NE(composition.find("x"), nullptr);
    EXPECT_EQ(composition.find("x")->kind, Kind::absent);
    composition.forget("x");
    composition.forget("x"); // absent is fine
    EXPECT_TRUE(composition.empty());
}

TEST(Composition, NotesBookkeepingOnlyWhereThereIsAnEntry) {
    Composition composition;
    composition.enter("x", entry(Kind::object));
    composition.note_bookkeeping("x");
    composition.note_bookkeeping("y");
    EXPECT_TRUE(composition.find("x")->has_bookkeeping);
    EXPECT_FALSE(composition.find("x")->only_origin);
    EXPECT_EQ(composition.find("y"), nullptr);
}

} // namespace
} // namespace disco::model
