#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::model {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct Row {
    const char* name;
    std::string input;
    const char* fault; ///< empty: the name is good
};

class ParameterName : public testing::TestWithParam<Row> {};

TEST_P(ParameterName, FollowsTheTable) {
    const Row& row = GetParam();
    if (*row.fault == '\0') {
        EXPECT_NO_THROW(check_parameter_name(row.input));
    } else {
        EXPECT_THAT([&] { check_parameter_name(row.input); },
                    ThrowsMessage<sys::BadConfiguration>(HasSubstr(row.fault)));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Names, ParameterName,
    testing::Values(Row{"simple", "nginx", ""}, Row{"nested", "packages/present/vim", ""},
                    Row{"all_characters", "aZ09_.-/x", ""}, Row{"hidden", "a/.hidden", ""},
                    Row{"three_dots", "a/.../b", ""}, Row{"longest_component", std::string(255, 'a'), ""},
                    Row{"empty", "", "name '': it is empty"},
                    Row{"absolute", "/etc/passwd", "name '/etc/passwd': it is absolute"},
                    Row{"dot_dot", "../x", "name '../x': '..' is not allowed"},
                    Row{"dot_dot_inside", "a/../b", "name 'a/../b': '..' is not allowed"},
                    Row{"dot_dot_last", "a/..", "'..' is not allowed"},
                    Row{"dot", "a/./b", "'.' is not allowed"},
                    Row{"double_slash", "a//b", "name 'a//b': a part of it is empty"},
                    Row{"trailing_slash", "a/", "name 'a/': a part of it is empty"},
                    Row{"blank", "a b", "it holds ' '"}, Row{"newline", "a\nb", "\"a\\nb\""},
                    Row{"umlaut", "\xc3\xa4", "only A-Z a-z 0-9"},
                    Row{"nul", std::string{"a\0b", 3}, "only A-Z"},
                    Row{"long_component", "x/" + std::string(256, 'a'), "longer than 255"},
                    Row{"long_name", "a" + std::string(1024, '/'), "longer than 1024"}),
    [](const auto& row) { return std::string{row.param.name}; });

class ComponentName : public testing::TestWithParam<Row> {};

TEST_P(ComponentName, FollowsTheTable) {
    const Row& row = GetParam();
    if (*row.fault == '\0') {
        EXPECT_NO_THROW(check_component_name(row.input, "module"));
    } else {
        EXPECT_THAT([&] { check_component_name(row.input, "module"); },
                    ThrowsMessage<sys::BadConfiguration>(HasSubstr(row.fault)));
    }
}

INSTANTIATE_TEST_SUITE_P(Names, ComponentName,
                         testing::Values(Row{"versioned", "testmodule-1.0", ""}, Row{"underscore", "_x", ""},
                                         Row{"empty", "", "bad module name '': it is empty"},
                                         Row{"slash", "a/b", "bad module name 'a/b': it holds '/'"},
                                         Row{"dot", ".", "'.' is not allowed"},
                                         Row{"dot_dot", "..", "'..' is not allowed"},
                                         Row{"hidden", ".parameters", "it begins with '.'"},
                                         Row{"option", "-rf", "it begins with '-'"},
                                         Row{"newline", "a\n", "only A-Z"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(ComponentNameMessage, SaysWhatItNames) {
    EXPECT_THAT([] { check_component_name("a b", "node"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("bad node name 'a b'")));
}

} // namespace
} // namespace disco::model
