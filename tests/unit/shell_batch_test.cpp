// Many texts for bash, parsed by one process: what is found is what each text alone would show.

#include "runner/lint/shell_batch.hpp"
#include "runner/lint/shell_text.hpp"

#include <gmock/gmock.h>

namespace disco::lint {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct BatchRow {
    const char* name;
    std::vector<std::string> texts;
    std::vector<std::size_t> faulty; ///< which of them
};
class Batch : public testing::TestWithParam<BatchRow> {};

/// Padded, so that no group is so small that each text is parsed alone.
std::vector<ShellText> padded(const std::vector<std::string>& texts) {
    std::vector<ShellText> all;
    for (const std::string& text : texts) all.push_back({{}, std::to_string(all.size()), {}, text, true});
    for (int i = 0; i < 20; ++i) all.push_back({{}, "padding", {}, "if true; then\n  echo 'x'\nfi\n", true});
    return all;
}

TEST_P(Batch, FindsTheFaultyOnes) {
    CheckResult result;
    check_shell_syntax(padded(GetParam().texts), result);
    std::set<std::string> found, expected;
    for (const Finding& one : result.findings) found.insert(one.file);
    for (const std::size_t one : GetParam().faulty) expected.insert(std::to_string(one));
    EXPECT_EQ(found, expected);
    EXPECT_THAT(result.notes, IsEmpty());
}

// Those in pairs would make up for one another if they were parsed as one text.
INSTANTIATE_TEST_SUITE_P(
    Of, Batch,
    testing::Values(
        BatchRow{
            "sound_texts", {"echo a", "cat <<E\nx'\nE\n", "case $1 in a) ;; esac\n", "f() { :; }", ""}, {}},
        BatchRow{"a_word_too_many", {"echo a\nfi\n"}, {0}}, BatchRow{"an_open_if", {"if true; then\n"}, {0}},
        BatchRow{"if_then_fi", {"if true; then\necho\n", "echo\nfi\n"}, {0, 1}},
        BatchRow{"fi_then_if", {"echo\nfi\n", "if true; then\necho\n"}, {0, 1}},
        BatchRow{"parentheses", {"(", ")"}, {0, 1}}, BatchRow{"braces", {"{", "}"}, {0, 1}},
        BatchRow{"an_open_expansion", {"echo ${x", "}"}, {0, 1}},
        BatchRow{"single_quotes", {"echo 'a\n", "echo b'\n"}, {0, 1}},
        BatchRow{"double_quotes", {"echo \"a\n", "echo b\"\n"}, {0, 1}},
        BatchRow{"backquotes", {"echo `a\n", "echo b`\n"}, {0, 1}},
        BatchRow{"a_here_document_that_the_next_one_ends", {"cat <<END\na\n", "cat <<END\nb\nEND\n"}, {0}},
        BatchRow{
            "an_end_that_asks_for_more", {"echo a &&\n", "echo b |  # c\n", "echo c ||\n\n# d\n"}, {0, 1, 2}},
        BatchRow{"extended_patterns", {"shopt -s extglob\nrm !(a|b)\n", "rm !(a|b)\n"}, {1}},
        BatchRow{"a_marker_of_its_own", {"echo $\"disco check 0\"\n", "echo $\"disco check 7\"\n"}, {}},
        BatchRow{"a_translatable_string", {"echo $\"hello\"\n"}, {}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(ShellSyntax, NamesTheLine) {
    CheckResult result;
    check_shell_syntax(padded({"echo a\n\nfi\n", "cat <<END\n"}), result);
    ASSERT_THAT(result.findings, SizeIs(2));
    EXPECT_EQ(result.findings[0].line, 3);
    EXPECT_THAT(result.findings[0].text, HasSubstr("syntax error near unexpected token `fi'"));
    EXPECT_EQ(result.findings[0].severity, Severity::error);
    EXPECT_EQ(result.findings[1].line, 1);
    EXPECT_THAT(result.findings[1].text, HasSubstr("delimited by end-of-file"));
    EXPECT_EQ(result.findings[1].severity, Severity::warning);
}

TEST(ShellSyntax, OfLargeTextsIsLookedAtToo) {
    CheckResult result;
    std::string large;
    while (large.size() < 300'000) large += "echo a line of a large script\n";
    check_shell_syntax({{{}, "sound", {}, large, true}, {{}, "faulty", {}, large + "fi\n", true}}, result);
    ASSERT_THAT(result.findings, SizeIs(1));
    EXPECT_EQ(result.findings[0].file, "faulty");
    EXPECT_EQ(result.findings[0].line, 10001);
}

TEST(ShellMessages, OfShellcheckKnowTheirFiles) {
    const ShellText text{module_subject("m"), "modules/m/scripts/1", "/u:1/m/scripts/1", {}, true};
    const auto found = shellcheck_findings("/u:1/m/scripts/1:3:8: warning: x is unused. [SC2034]\n"
                                           "/u:1/m/scripts/1:4:1: note: a hint [SC1]\nsomething: else\n",
                                           {&text});
    EXPECT_THAT(found, ElementsAre(Finding{module_subject("m"), "modules/m/scripts/1", 3, Severity::warning,
                                           "shellcheck: x is unused. [SC2034]"}));
}

} // namespace
} // namespace disco::lint
