#include "templates/template_output.hpp"

#include <string>

#include <gtest/gtest.h>

namespace disco::templates {
namespace {

using std::string_literals::operator""s;

struct OutputRow {
    const char* name;
    std::string output;
    std::string expected; ///< how the objection begins; "" for none
};
class TemplateOutput : public testing::TestWithParam<OutputRow> {};

TEST_P(TemplateOutput, BecomesAFileOrNot) {
    const OutputRow& row = GetParam();
    const auto said = objection(row.output);
    EXPECT_EQ(said.has_value(), !row.expected.empty()) << said.value_or("");
    EXPECT_EQ(said.value_or("").substr(0, row.expected.size()), row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Outputs, TemplateOutput,
    testing::Values(OutputRow{"a_line", "port = 80\n", ""}, OutputRow{"no_newline_at_the_end", "port", ""},
                    OutputRow{"one_newline", "\n", ""}, OutputRow{"one_blank", " ", ""},
                    OutputRow{"controls_but_nul", "\x01\x1b[0m\x7f", ""},
                    OutputRow{"bytes_that_are_no_utf8", "\xff\xfe", ""},
                    OutputRow{"the_digit_0_is_no_nul", "0", ""},
                    OutputRow{"nothing", "", "printed nothing (an empty file that is meant"},
                    OutputRow{"a_lone_nul", "\0"s, "printed a NUL byte at offset 0: "},
                    OutputRow{"nul_inside", "ab\0cd\n"s, "printed a NUL byte at offset 2: "},
                    OutputRow{"nul_at_the_end", "abc\n\0"s, "printed a NUL byte at offset 4: "},
                    OutputRow{"the_first_of_two_nuls", "a\0b\0"s, "printed a NUL byte at offset 1: "},
                    OutputRow{"nul_after_much_text", std::string(70000, 'x') + "\0"s,
                              "printed a NUL byte at offset 70000: "}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(TemplateOutput, MayBeSixteenMebibytes) { EXPECT_EQ(output_limit, 16777216U); }

} // namespace
} // namespace disco::templates
