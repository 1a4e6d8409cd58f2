#include "runner/model/requirements.hpp"
#include "runner/sys/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(Requirements, ReadsEveryForm) {
    const auto read = parse_requirements("# first the base\n"
                                         "after base\n"
                                         "\n"
                                         "  before\tapp  # because\n"
                                         "users\r\n"
                                         "after users-2.0\t#x\n"
                                         "last",
                                         "modules/nginx/requires");
    EXPECT_THAT(read.after, ElementsAre("base", "users", "users-2.0", "last"));
    EXPECT_THAT(read.before, ElementsAre("app"));
}

TEST(Requirements, OfAnEmptyFileAreNone) {
    for (const char* text : {"", "\n\n", "#", "  \t"}) {
        EXPECT_THAT(parse_requirements(text, "f").after, IsEmpty()) << text;
        EXPECT_THAT(parse_requirements(text, "f").before, IsEmpty()) << text;
    }
}

TEST(Requirements, AKeywordCanBeAModule) {
    EXPECT_THAT(parse_requirements("after after\nbefore before", "f").after, ElementsAre("after"));
    EXPECT_THAT(parse_requirements("after after\nbefore before", "f").before, ElementsAre("before"));
}

struct BadRow {
    const char* name;
    const char* text;
    const char* place;
    const char* fault;
};
class BadRequirements : public testing::TestWithParam<BadRow> {};

TEST_P(BadRequirements, NameFileAndLine) {
    const BadRow& row = GetParam();
    EXPECT_THAT(
        [&] { (void)parse_requirements(row.text, "modules/m/requires"); },
        ThrowsMessage<sys::BadConfiguration>(testing::AllOf(StartsWith(row.place), HasSubstr(row.fault))));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, BadRequirements,
    testing::Values(
        BadRow{"lonely_after", "a\nafter\n", "modules/m/requires:2: ", "'after' lacks the name"},
        BadRow{"lonely_before", "before # x", "modules/m/requires:1: ", "'before' lacks the name"},
        BadRow{"unknown_word", "\n\nwith x\n", "modules/m/requires:3: ", "cannot understand 'with x'"},
        BadRow{"two_names", "after a b", "modules/m/requires:1: ", "cannot understand 'after a b'"},
        BadRow{"no_blank_before_the_comment", "after a#b", "modules/m/requires:1: ", "bad module name 'a#b'"},
        BadRow{"slash", "after a/b", "modules/m/requires:1: ", "bad module name 'a/b'"},
        BadRow{"dot_dot", "..", "modules/m/requires:1: ", "bad module name '..'"},
        BadRow{"absolute", "before /etc", "modules/m/requires:1: ", "bad module name '/etc'"},
        BadRow{"hidden", ".git", "modules/m/requires:1: ", "begins with '.'"}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::model
