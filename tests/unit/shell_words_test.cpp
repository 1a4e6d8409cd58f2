// Words between this program and bash: what one writes, the other reads back.

#include "runner/module/notice_reader.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/build_tree.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco {
namespace {

using namespace std::string_literals;
using Words = std::vector<std::string>;

sys::ProgramResult bash(const Words& words, Words environment = {}) {
    Words argv = {"/bin/bash", "--norc"};
    argv.insert(argv.end(), words.begin(), words.end());
    environment.emplace_back("LC_ALL=C.UTF-8");
    return sys::run_program({.argv = std::move(argv),
                             .environment = std::move(environment),
                             .input = {},
                             .timeout = std::chrono::seconds{30}});
}

/// `printf` with this format for every word, as bash does it.
std::string printed(const char* format, const Words& words) {
    Words call = {"-c", "printf -- \"$0\" \"$@\"", format};
    call.insert(call.end(), words.begin(), words.end());
    return bash(call).output;
}

struct WordRow {
    const char* name;
    std::string word;
};
class ShellWord : public testing::TestWithParam<WordRow> {};

TEST_P(ShellWord, ThatIsQuotedIsReadByBash) {
    const std::string& word = GetParam().word;
    const std::string line = sys::quote_words({"a", word, "b"});
    EXPECT_EQ(bash({"-c", "printf '<%s>' " + line}).output, "<a><" + word + "><b>") << line;
    EXPECT_EQ(sys::printable_text(line), line) << "it can be shown as it is";
}

TEST_P(ShellWord, ThatBashQuotesIsReadBack) {
    const Words words = {"a", GetParam().word, "b"};
    const std::string line = printed(" %q", words);
    EXPECT_EQ(sys::split_words(line), words) << line;
}

TEST_P(ShellWord, OfACommandThatWouldBeExecutedIsInTheNotice) {
    const Words words = {"a-command", GetParam().word};
    module::NoticeReader reader{"scripts/x"};
    reader.feed("warning: Would execute: " + sys::quote_words(words) + "\n"); // as the broker prints it
    const auto notices = reader.take();
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].kind, model::NoticeKind::would_execute);
    if (sys::is_utf8(GetParam().word))
        EXPECT_EQ(notices[0].argv, words);
    else
        EXPECT_EQ(notices[0].argv, (Words{words[0], sys::printable(words[1])}));
}

INSTANTIATE_TEST_SUITE_P(
    Of, ShellWord,
    testing::Values(WordRow{"letters", "x"}, WordRow{"nothing", ""}, WordRow{"blank", " "},
                    WordRow{"single_quote", "it's"}, WordRow{"double_quote", "\"q\""},
                    WordRow{"both_quotes", "'\"'"}, WordRow{"backslash", "a\\b\\\\"},
                    WordRow{"expansions", "$x `y` $(z) ${w} ~ !"}, WordRow{"globs", "* ? [a-z]"},
                    WordRow{"operators", "a;b|c&d>e<f(g){h}#i"}, WordRow{"comment", "# not installed here"},
                    WordRow{"newline", "a\nb"}, WordRow{"quote_and_newline", "it's\na \"b\" \\n"},
                    WordRow{"tab_and_return", "\t\r"}, WordRow{"bells", "\a\b\f\v\033"},
                    WordRow{"other_controls", "\001\037\1771"}, WordRow{"umlaut", "größe €"},
                    WordRow{"umlaut_and_newline", "größe\n"},
                    WordRow{"no_utf8", "\xff\xfe"
                                       "7"},
                    WordRow{"half_a_character", "\xc3"}, WordRow{"looks_quoted", "$'a\\n'"},
                    WordRow{"tilde", "~"}, WordRow{"tilde_and_path", "~/x"}, WordRow{"bang", "!"},
                    WordRow{"braces", "{a,b}"}, WordRow{"star", "*"}, WordRow{"question_mark", "?"},
                    WordRow{"hash", "#"}, WordRow{"bracket", "[e]"}, WordRow{"ampersand", "&"},
                    WordRow{"keyword", "if"}, WordRow{"option", "-n"}, WordRow{"assignment", "a=b"}),
    [](const auto& row) { return std::string{row.param.name}; });

class ShellLine : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(ShellLine, IsSplitAsBashSplitsIt) {
    const char* line = GetParam().second;
    std::string expected;
    for (const std::string& word : sys::split_words(line)) expected += "<" + word + ">";
    EXPECT_EQ(bash({"-c", std::string{"set -f; printf '<%s>' "} + line}).output, expected) << line;
}

INSTANTIATE_TEST_SUITE_P(
    Of, ShellLine,
    testing::Values(
        std::pair{"words", "rsync -e 'ssh -p 22' --password-file=/x"}, std::pair{"blanks", "  a \t b  "},
        std::pair{"glued_quotes", "a'b c'\"d e\"$'f g'"}, std::pair{"empty_words", "'' a \"\" $''"},
        std::pair{"escaped_quote_in_double_quotes", R"("a\"b" "c\\d" "\$x")"},
        std::pair{"backslash_before_a_letter", R"("a\b" 'a\b' a\b)"},
        std::pair{"escaped_blank", R"(a\ b \'c \"d)"}, std::pair{"escapes", R"($'\n\t\r\a\b\v\f\e\E\\\'\"')"},
        std::pair{"octal", R"($'\101\60\1234')"}, std::pair{"single_quote_in_double_quotes", R"("it's")"}),
    [](const auto& row) { return std::string{row.param.first}; });

} // namespace
} // namespace disco
