#include "runner/run/saved_actions.hpp"

#include "runner/sys/error.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace disco::run {
namespace {

using namespace std::string_literals;

std::vector<model::ModuleReport> example() {
    std::vector<model::ModuleReport> modules(3);
    modules[0].name = "a";
    modules[2].name = "c";
    model::Action any;
    any.argv = {"x", "", "\xff\0,;:"s, "9:a,"};
    any.context = {
        .directory = "/srv/\xfe", .umask = 0077, .environment = {"A=\n", "B=\xff"}, .input = "\0\xff"s};
    model::Action restart;
    restart.argv = {"systemctl", "restart", "a", "b"};
    restart.meaning = {model::ServiceVerb::restart, {"a.service", "b.service"}};
    model::Action empty_input;
    empty_input.argv = {"cat"};
    empty_input.context.input = "";
    modules[0].actions = {any, restart};
    modules[2].actions = {empty_input};
    return modules;
}

std::vector<model::ModuleReport> without_actions() {
    std::vector<model::ModuleReport> modules = example();
    for (model::ModuleReport& module : modules) module.actions.clear();
    return modules;
}

TEST(SavedActions, ComeBackByteForByte) {
    const auto wanted = example();
    auto modules = without_actions();
    modules[1].actions.push_back(wanted[0].actions[0]); // of the report, which holds text alone
    decode_actions(encode_actions(wanted), modules);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        ASSERT_EQ(modules[i].actions.size(), wanted[i].actions.size());
        for (std::size_t j = 0; j < wanted[i].actions.size(); ++j) {
            const model::Action &got = modules[i].actions[j], &right = wanted[i].actions[j];
            EXPECT_EQ(got.argv, right.argv);
            EXPECT_EQ(got.context.directory, right.context.directory);
            EXPECT_EQ(got.context.umask, right.context.umask);
            EXPECT_EQ(got.context.environment, right.context.environment);
            EXPECT_EQ(got.context.input, right.context.input);
            EXPECT_EQ(got.meaning, right.meaning);
            EXPECT_EQ(got.outcome, model::ActionOutcome::pending);
        }
    }
}

TEST(SavedActions, EveryVerbHasANumber) {
    auto wanted = without_actions();
    for (int verb = 0; verb <= static_cast<int>(model::ServiceVerb::show); ++verb) {
        model::Action& action = wanted[0].actions.emplace_back();
        action.argv = {"x"};
        action.meaning.verb = static_cast<model::ServiceVerb>(verb);
    }
    auto modules = without_actions();
    decode_actions(encode_actions(wanted), modules);
    ASSERT_EQ(modules[0].actions.size(), wanted[0].actions.size());
    for (std::size_t i = 0; i < wanted[0].actions.size(); ++i)
        EXPECT_EQ(modules[0].actions[i].meaning, wanted[0].actions[i].meaning);
}

TEST(SavedActions, DamagedOnesAreRefused) {
    const std::string whole = encode_actions(example());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        auto modules = without_actions();
        EXPECT_THROW(decode_actions(whole.substr(0, length), modules), sys::BadConfiguration) << length;
    }
    auto modules = without_actions();
    EXPECT_THROW(decode_actions(whole + "x", modules), sys::BadConfiguration);
    EXPECT_THROW(decode_actions("disco actions 1\n99999999999999999999;", modules), sys::BadConfiguration);
    EXPECT_THROW(decode_actions("disco actions 1\n3;18446744073709551615:a,", modules),
                 sys::BadConfiguration);
}

TEST(SavedActions, OfOtherModulesAreRefused) {
    const std::string bytes = encode_actions(example());
    auto fewer = without_actions();
    fewer.pop_back();
    EXPECT_THROW(decode_actions(bytes, fewer), sys::BadConfiguration);
    auto others = without_actions();
    others[1].name = "b";
    EXPECT_THROW(decode_actions(bytes, others), sys::BadConfiguration);
}

} // namespace
} // namespace disco::run
