// The order of modules, for people and for graphviz.

#include "runner/model/requirement_graph.hpp"

#include <gmock/gmock.h>

namespace disco::model {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::vector<OrderedModule> example() {
    return explain_order({"base", "log", "web"},
                         {{"base", {}}, {"log", {{}, {"web"}}}, {"web", {{"base"}, {}}}}, {"log", "web"});
}

TEST(RequirementGraph, SaysWhyInWords) {
    EXPECT_EQ(order_in_words(example()), "1  base  required by web\n"
                                         "2  log\n"
                                         "3  web   after base, log\n");
    EXPECT_EQ(order_in_words({}), "");
}

TEST(RequirementGraph, HasAnArrowForEachReason) {
    EXPECT_EQ(order_as_dot(example(), "web1"), "digraph \"web1\" {\n"
                                               "    rankdir=LR;\n"
                                               "    node [shape=box];\n"
                                               "    \"base\" [style=dashed];\n"
                                               "    \"log\";\n"
                                               "    \"web\";\n"
                                               "    \"base\" -> \"web\";\n"
                                               "    \"log\" -> \"web\";\n"
                                               "}\n");
}

TEST(RequirementGraph, QuotesWhatIsInANameOfADirectory) {
    const std::string dot = order_as_dot({{"a\"];b\\", true, {}, {}}}, "t");
    EXPECT_THAT(dot, HasSubstr("    \"a\\\"];b\\\\\";\n"));
}

} // namespace
} // namespace disco::model
