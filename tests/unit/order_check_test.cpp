// What `requires` and `inherits` files say of one another: all that is wrong, each once.

#include "runner/lint/node_check.hpp"
#include "runner/lint/order_check.hpp"

#include <gmock/gmock.h>

namespace disco::lint {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

struct OrderRow {
    const char* name;
    std::map<std::string, std::string> texts; ///< module → requires
    std::vector<std::string> found;
};
class OrderOf : public testing::TestWithParam<OrderRow> {};

TEST_P(OrderOf, IsCheckedAsAWhole) {
    model::RequirementTable table;
    for (const auto& [name, text] : GetParam().texts)
        table.emplace(name, model::parse_requirements(text, name));
    OrderCheck check = check_order(table, GetParam().texts);
    sort_findings(check.findings);
    std::vector<std::string> found;
    for (const Finding& one : check.findings) found.push_back(in_words(one));
    EXPECT_THAT(found, ElementsAreArray(GetParam().found));
}

INSTANTIATE_TEST_SUITE_P(
    Modules, OrderOf,
    testing::Values(
        OrderRow{"nothing_wrong", {{"a", "b\n"}, {"b", "before c\n"}, {"c", ""}}, {}},
        OrderRow{
            "missing",
            {{"a", "# x\nafter nginxx\nbefore frobnicate\n"}, {"nginx", ""}},
            {"modules/a/requires:2: error: there is no module 'nginxx'; did you mean 'nginx'?",
             "modules/a/requires:3: error: there is no module 'frobnicate'; make it, or take the line away"}},
        OrderRow{
            "itself",
            {{"a", "a\n"}},
            {"modules/a/requires:1: error: modules require one another in a cycle: a after a; take one of "
             "these lines away"}},
        OrderRow{
            "two_circles",
            {{"a", "b\n"}, {"b", "\na\n"}, {"c", "d\n"}, {"d", "e\n"}, {"e", "c\n"}},
            {"modules/a/requires:1: error: modules require one another in a cycle: a after b after a; take "
             "one of these lines away",
             "modules/c/requires:1: error: modules require one another in a cycle: c after d after e after "
             "c; take one of these lines away"}},
        OrderRow{
            "a_circle_by_before",
            {{"a", ""}, {"b", "before a\nafter a\n"}},
            {"modules/b/requires:1: error: modules require one another in a cycle: a after b after a; take "
             "one of these lines away"}},
        OrderRow{
            "said_twice",
            {{"a", "after b\n"}, {"b", "before a\nafter a\n"}},
            {"modules/a/requires:1: error: modules require one another in a cycle: a after b after a; take "
             "one of these lines away"}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Inheritance, OfANodeIsInTheOrderOfARun) {
    const std::map<std::string, ParameterRoot> roots = {{"web1", {"", {"roles/web", "os", "gone"}, {}}},
                                                        {"roles/web", {"", {"base"}, {}}},
                                                        {"os", {"", {"base"}, {}}},
                                                        {"base", {"", {"web1"}, {}}}};
    EXPECT_THAT(inheritance_of("web1", roots), ElementsAre("base", "roles/web", "os", "web1"));
    EXPECT_THAT(inheritance_of("absent", roots), IsEmpty());
}

TEST(Inheritance, CirclesAreNamedOnce) {
    EXPECT_THAT(inheritance_circles({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}, {"d", {"d"}}, {"e", {"a"}}}),
                UnorderedElementsAre(ElementsAre("b", "c", "b"), ElementsAre("d", "d")));
}

ParameterRoots node_with(fetch::ParameterTree tree) {
    return {{{"web1", {"", {"role"}, std::move(tree)}}, {"role", {"", {}, {{"modules/b", ""}}}}}, {"web1"}};
}

TEST(Nodes, WantTheirModulesAndWhatTheseRequire) {
    std::vector<Finding> findings;
    const auto wanted =
        wanted_modules(node_with({{"modules/a", ""}, {"modules/core2", ""}, {"modules/-x", ""}}),
                       {{"a", {{"c"}, {}}}, {"b", {}}, {"c", {}}, {"core", {}}}, findings);
    EXPECT_THAT(wanted, ElementsAre(Pair("web1", ElementsAre("a", "b", "c"))));
    sort_findings(findings);
    std::vector<std::string> found;
    for (const Finding& one : findings) found.push_back(in_words(one));
    EXPECT_THAT(
        found, ElementsAre(
                   "parameters/web1/modules/-x: error: bad module name '-x': it begins with '-'; rename it",
                   "parameters/web1/modules/core2: error: there is no module 'core2'; did you mean 'core'?"));
}

TEST(Nodes, HaveNoNameThatIsAValueAndATree) {
    std::vector<Finding> findings;
    const ParameterRoots parameters = node_with({{"x", ""}});
    check_clashes(parameters, {{"web1", {"a"}}}, {{"a", {{"x/y", ""}, {"x", std::nullopt}}}}, findings);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_THAT(in_words(findings[0]), testing::StartsWith("parameters/web1: error: parameter 'x' is a "));
    findings.clear();
    check_clashes(parameters, {{"web1", {}}}, {{"a", {{"x/y", ""}, {"x", std::nullopt}}}}, findings);
    EXPECT_THAT(findings, IsEmpty()) << "the node does not want that module";
}

} // namespace
} // namespace disco::lint
