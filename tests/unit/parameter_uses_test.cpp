// Which parameters a text for bash asks for.

#include "runner/lint/parameter_uses.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::lint {
namespace {

using testing::ElementsAreArray;

struct UsesRow {
    const char *name, *text;
    std::vector<std::string> found; ///< "LINE KEY"
};
class ParameterUses : public testing::TestWithParam<UsesRow> {};

TEST_P(ParameterUses, AreThoseOfTheTable) {
    std::vector<std::string> found;
    for (const ParameterUse& use : parameter_uses(GetParam().text))
        found.push_back(fmt::format("{} {}", use.line, use.key));
    EXPECT_THAT(found, ElementsAreArray(GetParam().found));
}

INSTANTIATE_TEST_SUITE_P(
    Of, ParameterUses,
    testing::Values(
        UsesRow{"nothing", "", {}}, UsesRow{"a_command", "disco-param get a/b\n", {"1 a/b"}},
        UsesRow{"a_substitution", "x=1\necho \"$(disco-param get a/b)\"\n", {"2 a/b"}},
        UsesRow{"a_backquote", "echo `disco-param get a`", {"1 a"}},
        UsesRow{"two_in_a_line", "echo $(disco-param get a) $(disco-param get b)", {"1 a", "1 b"}},
        UsesRow{"in_quotes", "disco-param get \"a/b\"; disco-param get 'c'", {"1 a/b", "1 c"}},
        UsesRow{"a_default", "disco-param get -d x a/b", {}},
        UsesRow{"other_verbs", "disco-param has a; disco-param keys b", {}},
        UsesRow{
            "one_that_may_be_missing", "disco-param has a && disco-param get a\ndisco-param get b", {"2 b"}},
        UsesRow{"a_variable", "disco-param get \"a/$b\"; disco-param get a/${b}; disco-param get $c", {}},
        UsesRow{"a_pattern", "disco-param get a/*", {}},
        UsesRow{"a_comment", "# disco-param get a\necho # $(disco-param get b)\n", {}},
        UsesRow{"no_comment", "echo '#' $(disco-param get a); x=${#y}; disco-param get b", {"1 a", "1 b"}},
        UsesRow{"another_command", "my-disco-param get a; disco-param-x get b; echo disco-paramget c", {}},
        UsesRow{"a_here_document",
                "cat <<END\n# $(disco-param get a)\ndisco-param get b\nEND\ndisco-param get c\n",
                {"2 a", "5 c"}},
        UsesRow{
            "a_quoted_here_document", "cat <<'END'\n$(disco-param get a)\nEND\ndisco-param get b\n", {"4 b"}},
        UsesRow{
            "an_indented_end", "cat <<-END\n\t$(disco-param get a)\n\tEND\n# disco-param get b\n", {"2 a"}},
        UsesRow{"two_here_documents",
                "cat <<A <<B\n$(disco-param get a)\nA\n`disco-param get b`\nB\n# x\n",
                {"2 a", "4 b"}},
        UsesRow{"a_here_string", "cat <<<END\n# $(disco-param get a)\n", {}},
        UsesRow{"a_shift", "x=$((1<<2))\n# $(disco-param get a)\n", {}}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::lint
