#include "runner/model/run_order.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DirectRequirements, AreThoseOfBothSidesWithinTheRun) {
    const RequirementTable table = {{"a", {{"b", "z"}, {"c"}}}, {"b", {}}, {"c", {}}, {"z", {}}};
    const auto required = direct_requirements({"b", "a", "c"}, table);
    EXPECT_THAT(required.at("a"), ElementsAre("b"));
    EXPECT_THAT(required.at("b"), IsEmpty());
    EXPECT_THAT(required.at("c"), ElementsAre("a"));
}

struct OrderRow {
    const char* name;
    std::set<std::string> wanted;
    RequirementTable table;
    std::vector<std::string> expected;
};
class Order : public testing::TestWithParam<OrderRow> {};

TEST_P(Order, FollowsTheTable) {
    const auto order = order_modules(GetParam().wanted, GetParam().table);
    ASSERT_TRUE(std::holds_alternative<RunOrder>(order));
    EXPECT_EQ(std::get<RunOrder>(order).modules, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Modules, Order,
    testing::Values(
        OrderRow{"nothing", {}, {{"a", {}}}, {}},
        OrderRow{"ties_by_name", {"c", "a", "b"}, {{"a", {}}, {"b", {}}, {"c", {}}}, {"a", "b", "c"}},
        OrderRow{"after", {"a", "b"}, {{"a", {{"b"}, {}}}, {"b", {}}}, {"b", "a"}},
        OrderRow{"before", {"b", "a"}, {{"a", {}}, {"b", {{}, {"a"}}}}, {"b", "a"}},
        OrderRow{"both_pull_in", {"m"}, {{"m", {{"z"}, {"a"}}}, {"z", {}}, {"a", {}}}, {"z", "m", "a"}},
        OrderRow{"transitive", {"a"}, {{"a", {{"b"}, {}}}, {"b", {{"c"}, {}}}, {"c", {}}}, {"c", "b", "a"}},
        OrderRow{"unwanted_stay_out", {"a"}, {{"a", {}}, {"b", {{}, {"a"}}}}, {"a"}},
        OrderRow{"said_twice", {"a"}, {{"a", {{"b", "b"}, {}}}, {"b", {{}, {"a"}}}}, {"b", "a"}},
        OrderRow{"freed_early_goes_by_name",
                 {"a", "b", "c"},
                 {{"a", {{"c"}, {}}}, {"b", {}}, {"c", {}}},
                 {"b", "c", "a"}},
        OrderRow{"diamond",
                 {"top"},
                 {{"top", {{"l", "r"}, {}}}, {"l", {{"base"}, {}}}, {"r", {{"base"}, {}}}, {"base", {}}},
                 {"base", "l", "r", "top"}}),
    [](const auto& row) { return std::string{row.param.name}; });

std::string cycle_of(const std::set<std::string>& wanted, const RequirementTable& table) {
    const auto order = order_modules(wanted, table);
    return std::holds_alternative<Cycle>(order) ? describe(std::get<Cycle>(order)) : "no cycle";
}

TEST(OrderCycle, IsNamedAsItsChain) {
    EXPECT_EQ(cycle_of({"a"}, {{"a", {{"b"}, {}}}, {"b", {{"a"}, {}}}}),
              "modules require one another in a cycle: a after b after a");
    EXPECT_EQ(cycle_of({"x"}, {{"x", {{"x"}, {}}}}), "modules require one another in a cycle: x after x");
    // "b before a" says the same as "a after b".
    EXPECT_EQ(cycle_of({"a", "b"}, {{"a", {{}, {"b"}}}, {"b", {{}, {"a"}}}}),
              "modules require one another in a cycle: a after b after a");
}

TEST(OrderCycle, LeavesOutWhatOnlyLeadsThere) {
    const RequirementTable table = {
        {"a", {{"m"}, {}}}, {"m", {{"n"}, {}}}, {"n", {{"o"}, {}}}, {"o", {{"m"}, {}}}, {"free", {}}};
    EXPECT_EQ(cycle_of({"a", "free"}, table),
              "modules require one another in a cycle: m after n after o after m");
}

TEST(OrderMissing, NamesWhoNeedsIt) {
    const auto by_node = order_modules({"gone"}, {});
    ASSERT_TRUE(std::holds_alternative<MissingModule>(by_node));
    EXPECT_EQ(describe(std::get<MissingModule>(by_node)),
              "the server has no module 'gone', which the node wants");
    EXPECT_EQ(describe(std::get<MissingModule>(by_node), "--module asks for"),
              "the server has no module 'gone', which --module asks for");

    const auto by_module = order_modules({"a"}, {{"a", {{"b"}, {}}}, {"b", {{}, {"gone"}}}});
    ASSERT_TRUE(std::holds_alternative<MissingModule>(by_module));
    EXPECT_EQ(describe(std::get<MissingModule>(by_module)),
              "the server has no module 'gone', which module 'b' requires");
}

TEST(Closure, HoldsWhatIsMissingToo) {
    const RequirementTable table = {{"a", {{"b"}, {"gone"}}}, {"b", {}}, {"other", {}}};
    EXPECT_THAT(closure({"a"}, table), ElementsAre("a", "b", "gone"));
    EXPECT_THAT(closure({}, table), IsEmpty());
}

TEST(Order, OfAThousandModulesInAChain) {
    RequirementTable table;
    std::vector<std::string> expected;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = fmt::format("m{:04}", 999 - i);
        table[name] = i == 0 ? Requirements{} : Requirements{{fmt::format("m{:04}", 1000 - i)}, {}};
        expected.push_back(name);
    }
    const auto order = order_modules({"m0000"}, table);
    ASSERT_TRUE(std::holds_alternative<RunOrder>(order));
    EXPECT_EQ(std::get<RunOrder>(order).modules, expected);
}

TEST(Dependents, AreThoseThatComeAfterBecauseOfIt) {
    const RequirementTable table = {
        {"base", {}}, {"app", {{"db"}, {}}}, {"db", {{"base"}, {}}}, {"early", {{}, {"app"}}}, {"lone", {}}};
    const std::vector<std::string> order = {"base", "db", "early", "app", "lone"};
    EXPECT_THAT(dependents("base", order, table), ElementsAre("app", "db"));
    EXPECT_THAT(dependents("early", order, table), ElementsAre("app"));
    EXPECT_THAT(dependents("app", order, table), IsEmpty());
    EXPECT_THAT(dependents("lone", order, table), IsEmpty());
}

} // namespace
} // namespace disco::model
