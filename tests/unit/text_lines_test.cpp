// Texts as lines, words and numbers, and the lines of disco's own files.

#include "runner/sys/error.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace disco::sys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Lines, TheLastMayLackItsNewline) {
    EXPECT_THAT(lines_of("a\n\nb"), ElementsAre("a", "", "b"));
    EXPECT_THAT(lines_of("a\n\nb\n"), ElementsAre("a", "", "b"));
    EXPECT_THAT(lines_of("\n"), ElementsAre(""));
    EXPECT_THAT(lines_of(""), IsEmpty());
}

TEST(Lines, AreTakenOffTheText) {
    std::string_view text = "a:b\nc";
    EXPECT_EQ(take_until(text, ':'), "a");
    EXPECT_EQ(take_line(text), "b");
    EXPECT_EQ(take_line(text), "c");
    EXPECT_EQ(take_line(text), "");
}

TEST(Words, AreWhatIsBetweenBlanks) {
    EXPECT_THAT(words_of(" a\t b\r"), ElementsAre("a", "b"));
    EXPECT_THAT(words_of(" \t\r"), IsEmpty());
    std::string_view line = "  0640  root:root etc/a b ";
    EXPECT_EQ(take_word(line), "0640");
    EXPECT_EQ(take_word(line), "root:root");
    EXPECT_EQ(line, "etc/a b ");
    EXPECT_EQ(trimmed(line), "etc/a b");
    EXPECT_EQ(trimmed("x\r", " "), "x\r");
}

struct CommentRow {
    const char *name, *line, *left;
};
class Comment : public testing::TestWithParam<CommentRow> {};

TEST_P(Comment, BeginsAtTheStartOrBehindABlank) {
    EXPECT_EQ(without_comment(GetParam().line), GetParam().left);
}

INSTANTIATE_TEST_SUITE_P(Lines, Comment,
                         testing::Values(CommentRow{"none", "a b", "a b"}, CommentRow{"whole", "# a", ""},
                                         CommentRow{"behind_a_blank", "a # b", "a "},
                                         CommentRow{"behind_a_tab", "a\t#b", "a\t"},
                                         CommentRow{"in_a_word", "etc/a#b", "etc/a#b"},
                                         CommentRow{"in_a_word_and_behind", "a#b #c # d", "a#b "},
                                         CommentRow{"empty", "", ""}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(SettingLines, AreThoseThatSaySomethingWithTheirNumbers) {
    std::vector<std::pair<int, std::string>> read;
    read_setting_lines("# heading\n\n  a b # why\r\n\t\nc#d", "F",
                       [&](const SettingLine& line) { read.emplace_back(line.number, line.text); });
    EXPECT_THAT(read, ElementsAre(testing::Pair(3, "a b"), testing::Pair(5, "c#d")));
}

TEST(SettingLines, AreAllReadBeforeTheBadOnesAreTold) {
    int read = 0;
    try {
        read_setting_lines("a\nbad\n\nworse\nb\n", "modules/m/sandbox", [&](const SettingLine& line) {
            ++read;
            if (line.text.size() > 1) throw BadConfiguration{"not " + std::string{line.text}};
        });
        FAIL() << "accepted";
    } catch (const BadConfiguration& error) {
        EXPECT_STREQ(error.what(), "modules/m/sandbox:2: not bad; modules/m/sandbox:4: not worse");
    }
    EXPECT_EQ(read, 4);
}

struct NumberRow {
    const char *name, *word;
    std::optional<int> number;
};
class Number : public testing::TestWithParam<NumberRow> {};

TEST_P(Number, IsAWholeWord) { EXPECT_EQ(number_in<int>(GetParam().word, -5, 600), GetParam().number); }

INSTANTIATE_TEST_SUITE_P(
    Words, Number,
    testing::Values(NumberRow{"least", "-5", -5}, NumberRow{"most", "600", 600}, NumberRow{"zeros", "007", 7},
                    NumberRow{"too_small", "-6", {}}, NumberRow{"too_large", "601", {}},
                    NumberRow{"beyond_the_type", "99999999999999999999", {}}, NumberRow{"empty", "", {}},
                    NumberRow{"sign_alone", "-", {}}, NumberRow{"plus", "+5", {}},
                    NumberRow{"unit", "5m", {}}, NumberRow{"blank_before", " 5", {}},
                    NumberRow{"blank_behind", "5 ", {}}, NumberRow{"hexadecimal", "0x5", {}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Numbers, OfUnsignedTypesHaveNoSign) {
    EXPECT_EQ(number_in<std::uint32_t>("4294967295"), 4294967295U);
    EXPECT_EQ(number_in<std::uint32_t>("4294967296"), std::nullopt);
    EXPECT_EQ(number_in<std::uint32_t>("-1"), std::nullopt);
}

TEST(Numbers, AreOctalWhereThatIsSaid) {
    EXPECT_EQ(octal_in<unsigned>("0640", 07777), 0640U);
    EXPECT_EQ(octal_in<unsigned>("0980", 07777), std::nullopt);
    EXPECT_EQ(octal_in<unsigned>("17777", 07777), std::nullopt);
}

TEST(Numbers, AreTakenOffTheText) {
    std::string_view text = "12;x";
    EXPECT_EQ(take_number<int>(text), 12);
    EXPECT_EQ(text, ";x");
    EXPECT_EQ(take_number<int>(text), std::nullopt);
    EXPECT_EQ(text, ";x");
}

TEST(Numbers, AreDigits) {
    EXPECT_TRUE(is_digits("0123"));
    EXPECT_FALSE(is_digits(""));
    EXPECT_FALSE(is_digits("1a"));
}

} // namespace
} // namespace disco::sys
