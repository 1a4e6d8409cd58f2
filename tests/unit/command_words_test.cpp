// Words of the command line that could be taken for something else: what belongs to a command, to a value or
// to an option.

#include "runner/cli/options.hpp"
#include "runner/sys/error.hpp"

#include <gmock/gmock.h>

namespace disco::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Merge = dance::ExecOptions::Merge;
using Words = std::vector<std::string>;

Options parsed(const Words& words, const std::string& program = "disco") {
    return parse_options(program, words);
}

struct WordRow {
    const char *name, *word;
};
std::string name_of(const testing::TestParamInfo<WordRow>& row) { return row.param.name; }

class CommandWord : public testing::TestWithParam<WordRow> {};

TEST_P(CommandWord, ReachesTheCommandAsItIs) {
    const Words command = {"echo", GetParam().word, "last"};
    Words words = {"exec", "--noop", "--"};
    words.insert(words.end(), command.begin(), command.end());
    EXPECT_EQ(parsed(words).exec.command, command);
    words.erase(words.begin() + 2); // "--" is not necessary, but clear
    EXPECT_EQ(parsed(words).exec.command, command);
}

TEST_P(CommandWord, CanBeTheLastOne) {
    EXPECT_EQ(parsed({"exec", "--", "echo", GetParam().word}).exec.command, (Words{"echo", GetParam().word}));
}

class ValueWord : public testing::TestWithParam<WordRow> {};

TEST_P(ValueWord, IsKept) {
    const Options options = parsed({"param", "set", "--", "a/b", GetParam().word});
    EXPECT_EQ(options.param.key, "a/b");
    EXPECT_EQ(options.param.value, GetParam().word);
    EXPECT_TRUE(options.param.has_value);
}

const std::vector<WordRow> plain = {{"letters", "x"},
                                    {"nothing", ""},
                                    {"dash", "-"},
                                    {"two_dashes", "--"},
                                    {"short_option", "-l"},
                                    {"number", "-5"},
                                    {"option_of_ours", "--root"},
                                    {"option_with_value", "--root=/x"},
                                    {"help", "--help"},
                                    {"command_of_ours", "report"},
                                    {"verb_of_ours", "keys"},
                                    {"braces", "{}"},
                                    {"comma", "a,b"},
                                    {"quotes", "\"a\" 'b'"},
                                    {"two_words", "a b"},
                                    {"percent", "%"},
                                    {"two_percents", "%%"},
                                    {"plus", "++"},
                                    {"bracket", "["},
                                    {"bracket_glob", "[ab]*"},
                                    {"newline", "a\nb"},
                                    {"no_utf8", "\xff"}};
const std::vector<WordRow> bracketed = {{"nothing", "[]"}, {"letters", "[ab]"}, {"list", "[a,b]"}};

INSTANTIATE_TEST_SUITE_P(Of, CommandWord, testing::ValuesIn(plain), name_of);
// Not a list to be split.
INSTANTIATE_TEST_SUITE_P(Bracketed, CommandWord, testing::ValuesIn(bracketed), name_of);
INSTANTIATE_TEST_SUITE_P(Of, ValueWord, testing::ValuesIn(plain), name_of);
INSTANTIATE_TEST_SUITE_P(Bracketed, ValueWord, testing::ValuesIn(bracketed), name_of);

TEST(Words, OfOneCommandKeepEveryTwoDashes) {
    EXPECT_EQ(parsed({"exec", "--noop", "--", "git", "log", "--", "file", "--", "-x"}).exec.command,
              (Words{"git", "log", "--", "file", "--", "-x"}));
}

TEST(Words, BeforeTheCommandAreOptions) {
    const Options options =
        parsed({"exec", "--merge", "--root=/r", "--json", "-", "--quiet", "cp", "--noop", "--root", "a"});
    EXPECT_EQ(options.exec.merge, Merge::always);
    EXPECT_EQ(options.exec.root, "/r");
    EXPECT_EQ(options.output.targets, (std::vector{ReportTarget{ReportFormat::json, "-"}}));
    EXPECT_EQ(options.output.detail, report::Detail::quiet);
    EXPECT_EQ(options.exec.command, (Words{"cp", "--noop", "--root", "a"}));
}

TEST(Words, WithAnEqualsSignAreOptionAndValue) {
    const Options options = parsed({"dance", "--server=rsync://s/u?a=b", "--module=a", "--module", "b",
                                    "--wait=7", "--color=always", "--node=n", "--network=isolated"});
    EXPECT_EQ(options.dance.server, "rsync://s/u?a=b");
    EXPECT_THAT(options.dance.modules, UnorderedElementsAre("a", "b"));
    EXPECT_EQ(options.dance.wait, 7s);
    EXPECT_EQ(options.output.color, Color::always);
    EXPECT_EQ(options.dance.node, "n");
    EXPECT_EQ(options.dance.network, model::Network::isolated);
}

TEST(Words, OfAModuleAreOneEach) {
    EXPECT_THROW((void)parsed({"dance", "--module", "a", "b"}), sys::UsageError);
    EXPECT_THAT(parsed({"dance", "--module", "a,b"}).dance.modules, UnorderedElementsAre("a,b"));
}

struct DetailRow {
    const char* flag;
    report::Detail detail;
};
class DetailFlag : public testing::TestWithParam<DetailRow> {};

TEST_P(DetailFlag, IsKnownToEveryCommandThatReports) {
    for (Words words : {Words{"dance"}, Words{"report"}, Words{"exec"}}) {
        words.emplace_back(GetParam().flag);
        if (words[0] == "exec") words.emplace_back("true");
        EXPECT_EQ(parsed(words).output.detail, GetParam().detail) << words[0];
    }
}

INSTANTIATE_TEST_SUITE_P(Flags, DetailFlag,
                         testing::Values(DetailRow{"--diff", report::Detail::diff},
                                         DetailRow{"--stat", report::Detail::stat},
                                         DetailRow{"--quiet", report::Detail::quiet},
                                         DetailRow{"--verbose", report::Detail::verbose}),
                         [](const auto& row) { return std::string{row.param.flag + 2}; });

TEST(Wait, IsFromNoTimeToADay) {
    EXPECT_EQ(parsed({"dance", "--wait", "0"}).dance.wait, 0s);
    EXPECT_EQ(parsed({"exec", "--wait", "86400", "true"}).exec.wait, 86400s);
    EXPECT_THROW((void)parsed({"dance", "--wait", "86401"}), sys::UsageError);
    EXPECT_THROW((void)parsed({"dance", "--wait", "1.5"}), sys::UsageError);
    EXPECT_THROW((void)parsed({"dance", "--wait", ""}), sys::UsageError);
}

TEST(Verbs, OfParamAreAllThere) {
    for (const char* verb : {"get", "set", "keys", "dump", "delete", "explain"}) {
        const Options options =
            parsed({"param", verb, "--state-dir", "/s", "--node", "n", "keys"}); // a key may be a verb
        EXPECT_EQ(options.command, CommandName::param);
        EXPECT_EQ(options.param.verb, verb);
        EXPECT_EQ(options.param.key, "keys");
        EXPECT_EQ(options.dance.state_dir, "/s");
        EXPECT_EQ(options.dance.node, "n");
        EXPECT_FALSE(options.param.recursive);
        EXPECT_EQ(parsed({verb, "k"}, "disco-param").param.verb, verb);
    }
    EXPECT_TRUE(parsed({"param", "delete", "--recursive", "a"}).param.recursive);
}

struct UsageRow {
    const char* name;
    Words words;
    const char* named; ///< what the message must name
};
class Refused : public testing::TestWithParam<UsageRow> {};

TEST_P(Refused, WithTheWordThatIsWrongAndWhereHelpIs) {
    try {
        (void)parsed(GetParam().words);
        FAIL() << "accepted";
    } catch (const sys::UsageError& error) {
        EXPECT_THAT(error.what(), HasSubstr(GetParam().named));
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n"))) << "one line, not the whole help";
    }
}

INSTANTIATE_TEST_SUITE_P(
    Line, Refused,
    testing::Values(UsageRow{"word_after_a_dance", {"dance", "now"}, "now"},
                    UsageRow{"merge_in_a_dance", {"dance", "--merge"}, "--merge"},
                    UsageRow{"recursive_get", {"param", "get", "-r", "a"}, "-r"},
                    UsageRow{"two_keys", {"param", "get", "a", "b"}, "b"},
                    UsageRow{"three_words_to_set", {"param", "set", "a", "b", "c"}, "c"},
                    UsageRow{"set_without_a_key", {"param", "set"}, "KEY"},
                    UsageRow{"delete_without_a_key", {"param", "delete", "-r"}, "KEY"},
                    UsageRow{"explain_without_a_key", {"param", "explain"}, "KEY"},
                    UsageRow{"unknown_verb", {"param", "sing"}, "sing"},
                    UsageRow{"two_runs", {"report", "a", "b"}, "b"},
                    UsageRow{"run_for_runs", {"runs", "a"}, "a"},
                    UsageRow{"detail_for_runs", {"runs", "--diff"}, "--diff"},
                    UsageRow{"root_without_value", {"dance", "--root"}, "--root"},
                    UsageRow{"two_roots", {"dance", "--root", "/a", "--root", "/b"}, "--root"},
                    UsageRow{"value_of_a_flag", {"dance", "--noop=never"}, "noop"},
                    UsageRow{"options_before_the_command", {"--noop", "dance"}, "--noop"},
                    UsageRow{"unprintable_command", {"a\tb"}, R"(a\tb)"}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::cli
