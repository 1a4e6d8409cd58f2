// A module's `attributes` file.

#include "runner/model/attributes.hpp"
#include "runner/sys/error.hpp"

#include <gmock/gmock.h>

namespace disco::model {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct GlobRow {
    const char *name, *pattern, *path;
    bool matches;
};
class Glob : public testing::TestWithParam<GlobRow> {};

TEST_P(Glob, CoversWhatItSays) {
    EXPECT_EQ(glob_matches(GetParam().pattern, GetParam().path), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(Pattern, Glob,
                         testing::Values(GlobRow{"itself", "etc/x", "etc/x", true},
                                         GlobRow{"no_prefix", "etc/x", "etc/x/y", false},
                                         GlobRow{"no_longer_name", "etc/x", "etc/xy", false},
                                         GlobRow{"star_in_a_component", "etc/*.conf", "etc/a.conf", true},
                                         GlobRow{"star_stops_at_slash", "etc/*", "etc/a/b", false},
                                         GlobRow{"question_mark", "etc/?", "etc/a", true},
                                         GlobRow{"question_mark_is_one", "etc/?", "etc/ab", false},
                                         GlobRow{"bracket", "etc/[ab]", "etc/b", true},
                                         GlobRow{"not_in_bracket", "etc/[ab]", "etc/c", false},
                                         GlobRow{"two_stars_across", "etc/**", "etc/a/b/c", true},
                                         GlobRow{"two_stars_cover_the_top", "etc/**", "etc", true},
                                         GlobRow{"two_stars_not_a_neighbour", "etc/**", "etcetera", false},
                                         GlobRow{"two_stars_in_the_middle", "etc/**/key", "etc/a/b/key",
                                                 true},
                                         GlobRow{"two_stars_as_nothing", "etc/**/key", "etc/key", true},
                                         GlobRow{"two_stars_first", "**/key", "a/b/key", true},
                                         GlobRow{"backslash_is_a_byte", "etc/a\\b", "etc/a\\b", true},
                                         GlobRow{"hidden_files_count", "etc/*", "etc/.x", true}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(Attributes, AreReadLineByLine) {
    const auto rules =
        parse_attributes("# comment\n\n0640 root:www-data /etc/nginx/**\n - -:33 etc/a b \r\n- - etc/c", "F");
    ASSERT_EQ(rules.size(), 3U);
    EXPECT_EQ(rules[0].mode, 0640U);
    EXPECT_EQ(rules[0].owner, "root");
    EXPECT_EQ(rules[0].group, "www-data");
    EXPECT_EQ(rules[0].pattern, "etc/nginx/**");
    EXPECT_EQ(rules[0].line, 3);
    EXPECT_EQ(rules[1].mode, std::nullopt);
    EXPECT_EQ(rules[1].owner, std::nullopt);
    EXPECT_EQ(rules[1].group, "33");
    EXPECT_EQ(rules[1].pattern, "etc/a b");
    EXPECT_EQ(rules[2].owner, std::nullopt);
    EXPECT_EQ(rules[2].group, std::nullopt);
    EXPECT_THAT(parse_attributes("", "F"), IsEmpty());
}

TEST(Attributes, MayHaveCommentsBehindThem) {
    const auto rules = parse_attributes("0600 root:root etc/key   # a comment\n- - etc/a#b\t# c", "F");
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(rules[0].pattern, "etc/key");
    EXPECT_EQ(rules[1].pattern, "etc/a#b");
}

TEST(Attributes, LastRuleThatMatchesWinsAsAWhole) {
    const auto rules = parse_attributes("0600 a:b etc/**\n- c:d etc/x\n", "F");
    const auto rule_of = [&](const char* path) {
        return attribute_rule(rules, path, AttributeSubject::file);
    };
    ASSERT_NE(rule_of("etc/x"), nullptr);
    EXPECT_EQ(rule_of("etc/x")->line, 2);
    EXPECT_EQ(rule_of("etc/x")->mode, std::nullopt);
    EXPECT_EQ(rule_of("etc/y")->line, 1);
    EXPECT_EQ(rule_of("usr/x"), nullptr);
}

TEST(Attributes, OfDirectoriesEndWithASlash) {
    const auto rules = parse_attributes(
        "0640 root:www-data etc/**\n0750 root:www-data /etc/nginx/**/\n0700 a:b srv//\n", "F");
    const auto line_of = [&](const char* path, AttributeSubject what) {
        const AttributeRule* rule = attribute_rule(rules, path, what);
        return rule == nullptr ? 0 : rule->line;
    };
    EXPECT_EQ(line_of("etc/nginx/x", AttributeSubject::file), 1);
    EXPECT_EQ(line_of("etc", AttributeSubject::directory), 0);
    EXPECT_EQ(line_of("etc/nginx", AttributeSubject::directory), 2);
    EXPECT_EQ(line_of("etc/nginx/conf.d", AttributeSubject::directory), 2);
    EXPECT_EQ(line_of("srv", AttributeSubject::directory), 3);
    EXPECT_EQ(line_of("srv", AttributeSubject::file), 0);
    EXPECT_EQ(rules[2].pattern, "srv");
}

struct BadRow {
    const char *name, *line, *what;
};
class BadLine : public testing::TestWithParam<BadRow> {};

TEST_P(BadLine, IsRefusedWithFileLineAndReason) {
    try {
        (void)parse_attributes(std::string{"\n"} + GetParam().line + "\n", "modules/m/attributes");
        FAIL() << "accepted";
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.what(), StartsWith("modules/m/attributes:2: "));
        EXPECT_THAT(error.what(), HasSubstr(GetParam().what));
    }
}

INSTANTIATE_TEST_SUITE_P(Attributes, BadLine,
                         testing::Values(BadRow{"no_pattern", "0640 root:root", "missing"},
                                         BadRow{"only_a_mode", "0640", "missing"},
                                         BadRow{"mode_not_octal", "0980 root:root x", "not an octal mode"},
                                         BadRow{"mode_in_letters", "u+x root:root x", "not an octal mode"},
                                         BadRow{"mode_too_large", "17777 root:root x", "not an octal mode"},
                                         BadRow{"no_colon", "0640 root x", "not OWNER:GROUP"},
                                         BadRow{"no_owner", "0640 :root x", "lacks an owner or a group"},
                                         BadRow{"no_group", "0640 root: x", "lacks an owner or a group"},
                                         BadRow{"empty_pattern", "0640 root:root /", "pattern is empty"}),
                         [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::model
