// Texts that come from elsewhere, made safe to show; words quoted and split; errors and digests as text.

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/sha256.hpp"

#include <cerrno>

#include <gmock/gmock.h>

namespace disco::sys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

struct TextRow {
    const char* name;
    std::string bytes, shown;
};
class Printable : public testing::TestWithParam<TextRow> {};

TEST_P(Printable, IsShownSo) { EXPECT_EQ(printable(GetParam().bytes), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(
    Name, Printable,
    testing::Values(TextRow{"plain", "etc/x y", "etc/x y"}, TextRow{"umlaut", "größe", "größe"},
                    TextRow{"empty", "", ""}, TextRow{"newline", "a\nb", R"("a\nb")"},
                    TextRow{"tab", "a\tb", R"("a\tb")"}, TextRow{"quote", "a\"b", R"("a\"b")"},
                    TextRow{"backslash", "a\\b", R"("a\\b")"}, TextRow{"escape", "\x1b[31m", R"("\033[31m")"},
                    TextRow{"nul", "a\0b"s, R"("a\000b")"}, TextRow{"lone_byte", "a\xff", R"("a\377")"},
                    TextRow{"overlong", "\xc0\xaf", R"("\300\257")"},
                    TextRow{"surrogate", "\xed\xa0\x80", R"("\355\240\200")"},
                    TextRow{"cut_character", "\xc3", R"("\303")"}, TextRow{"delete", "\x7f", R"("\177")"},
                    TextRow{"other_direction", "a\u202eb", R"("a\342\200\256b")"},
                    TextRow{"isolate", "\u2066b", R"("\342\201\246b")"},
                    TextRow{"mark", "\u200f\u061c", R"("\342\200\217\330\234")"},
                    TextRow{"line_separator", "a\u2028b", R"("a\342\200\250b")"},
                    TextRow{"hebrew", "שלום", "שלום"}, TextRow{"dash", "a\u2013b", "a\u2013b"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(PrintableText, KeepsLinesAndNothingElseThatMoves) {
    EXPECT_EQ(printable_text("a\tb\nc"), "a\tb\nc");
    EXPECT_EQ(printable_text("\x1b[2J\r\x07"), "\\033[2J\\015\\007");
    EXPECT_EQ(printable_text("ü\xff"), "ü\\377");
}

TEST(PrintableLine, IsOneLine) {
    EXPECT_EQ(printable_line("a\nin sync\033[A\n"), "a\\nin sync\\033[A\\n");
    EXPECT_EQ(printable_line("größe\u202e"), "größe\\342\\200\\256");
}

struct EndRow {
    const char* name;
    std::string line, shown;
};
class LineAtItsEnd : public testing::TestWithParam<EndRow> {};

TEST_P(LineAtItsEnd, IsWhatATerminalShows) { EXPECT_EQ(line_at_its_end(GetParam().line), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(
    Of, LineAtItsEnd,
    testing::Values(EndRow{"plain", "a", "a"}, EndRow{"empty", "", ""}, EndRow{"of_dos", "a\r", "a"},
                    EndRow{"progress", "Reading... 0%\r\rReading... 100%\r\rReading... Done",
                           "Reading... Done"},
                    EndRow{"shorter_at_last", "100%\rok", "ok0%"}, EndRow{"blanks", "100%\r    \rok", "ok  "},
                    EndRow{"characters", "äöü\rü", "üöü"},
                    EndRow{"no_characters", "\xff\xff\r\xfe", "\xfe\xff"},
                    EndRow{"nothing_but_returns", "\r\r", ""}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Utf8, IsWhatRfc3629Allows) {
    EXPECT_TRUE(is_utf8("aü€😀"));
    for (const char* bytes :
         {"\x80", "\xc1\x81", "\xe0\x80\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"})
        EXPECT_FALSE(is_utf8(bytes)) << printable(bytes);
}

struct SplitRow {
    const char* name;
    std::string line;
    std::vector<std::string> words;
};
class Split : public testing::TestWithParam<SplitRow> {};

TEST_P(Split, GivesTheWordsOfAShell) { EXPECT_EQ(split_words(GetParam().line), GetParam().words); }

INSTANTIATE_TEST_SUITE_P(Words, Split,
                         testing::Values(SplitRow{"none", " \t ", {}},
                                         SplitRow{"blanks", " a  b ", {"a", "b"}},
                                         SplitRow{"single_quotes", "'a b' c", {"a b", "c"}},
                                         SplitRow{"nothing_in_single_quotes", R"('a\n$x')", {R"(a\n$x)"}},
                                         SplitRow{"double_quotes", R"("a \"b\" \\")", {R"(a "b" \)"}},
                                         SplitRow{"joined", R"(a'b'"c")", {"abc"}},
                                         SplitRow{"empty_word", "''", {""}},
                                         SplitRow{"backslash", R"(a\ b)", {"a b"}},
                                         SplitRow{"dollar_quote", R"($'a\nb')", {"a\nb"}}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(Split, RefusesAnOpenQuote) {
    for (const char* line : {"'a", "\"a", "a 'b"})
        EXPECT_THROW((void)split_words(line), BadConfiguration) << line;
}

TEST(Quote, IsReadBackByAShell) {
    const std::vector<std::string> words = {"plain",     "",          "with blank", "it's",
                                            "$x `y` \\", "new\nline", "ü",          "*"};
    EXPECT_EQ(split_words(quote_words(words)), words);
    EXPECT_EQ(quote_words({"systemctl", "reload", "nginx"}), "systemctl reload nginx");
}

TEST(ListForPeople, NamesAFewAndCountsTheRest) {
    EXPECT_EQ(list_for_people("module", {"a"}), "module a");
    EXPECT_EQ(list_for_people("module", {"a", "b"}), "modules a, b");
    EXPECT_EQ(list_for_people("module", {"a", "b", "c", "d", "e", "f", "g"}),
              "modules a, b, c, d, e and 2 others");
}

TEST(SysError, SaysWhatWasAttemptedOnWhatAndWhy) {
    const SysError error{ENOENT, "open", "/x\ny"};
    EXPECT_STREQ(error.what(), R"(cannot open '"/x\ny"': No such file or directory)");
    EXPECT_EQ(error.code(), ENOENT);
    EXPECT_STREQ((SysError{EPERM, "fork"}.what()), "cannot fork: Operation not permitted");
}

TEST(Error, GathersContextFromTheInsideOut) {
    try {
        while_doing("doing the outer",
                    [] { while_doing("doing the inner", [] { throw Error{"it broke"}; }); });
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_THAT(error.context(), ElementsAre("doing the inner", "doing the outer"));
        EXPECT_EQ(error.full_text(), "doing the outer: doing the inner: it broke");
    }
    EXPECT_EQ(while_doing("counting", [] { return 3; }), 3);
}

TEST(Check, PassesResultsOnAndThrowsErrno) {
    EXPECT_EQ(check(5, "count"), 5);
    errno = EACCES;
    try {
        check(-1, "read", "/x");
        FAIL() << "nothing was thrown";
    } catch (const SysError& error) {
        EXPECT_EQ(error.code(), EACCES);
    }
}

// FIPS 180-4 and its well-known examples.
TEST(Sha256, GivesTheKnownDigests) {
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 hash;
    for (int i = 0; i < 1000; ++i) hash.update(std::string(1000, 'a'));
    EXPECT_EQ(hex(hash.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    hash.update("abc"); // and the next message
    EXPECT_EQ(hash.finish(), sha256("abc"));
}

} // namespace
} // namespace disco::sys
