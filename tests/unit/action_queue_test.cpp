// Which actions are run, and in which order.

#include "runner/model/action_queue.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::model {
namespace {

using testing::ElementsAre;

/// "restart a b": an action on units; "sysctl …": one that has nothing to do with them; else any command.
Action action(const std::string& text) {
    static const std::map<std::string, ServiceVerb> verbs = {
        {"start", ServiceVerb::start},        {"stop", ServiceVerb::stop},
        {"restart", ServiceVerb::restart},    {"try-restart", ServiceVerb::try_restart},
        {"reload", ServiceVerb::reload},      {"daemon-reload", ServiceVerb::daemon_reload},
        {"reboot", ServiceVerb::end_machine}, {"poweroff", ServiceVerb::end_machine},
    };
    Action made;
    std::istringstream words{text};
    for (std::string word; words >> word;) made.argv.push_back(word);
    made.meaning.verb = made.argv[0] == "sysctl" ? ServiceVerb::none : ServiceVerb::anything;
    if (const auto verb = verbs.find(made.argv[0]); verb != verbs.end())
        made.meaning = {verb->second, {made.argv.begin() + 1, made.argv.end()}};
    return made;
}

std::vector<Action> actions(const std::vector<std::string>& texts) {
    std::vector<Action> all;
    for (const std::string& text : texts) all.push_back(action(text));
    return all;
}

ActionPlan plan_of(const std::vector<Action>& all) {
    std::vector<const Action*> asked;
    for (const Action& one : all) asked.push_back(&one);
    return plan_actions(asked);
}

std::string words_of(const Action& one) {
    std::string text;
    for (const std::string& word : one.argv) text += (text.empty() ? "" : " ") + word;
    return text;
}

struct OrderRow {
    const char* name;
    std::vector<std::string> asked, run;
};
class ActionOrder : public testing::TestWithParam<OrderRow> {};

TEST_P(ActionOrder, FollowsTheTable) {
    const std::vector<Action> all = actions(GetParam().asked);
    const ActionPlan plan = plan_of(all);
    std::vector<std::string> run;
    for (const std::size_t i : plan.order) run.push_back(words_of(all[i]));
    EXPECT_EQ(run, GetParam().run);
    // Each that is not run has one that is, and each that is run stands for itself.
    ASSERT_EQ(plan.runs_as.size(), all.size());
    for (const std::size_t i : plan.runs_as) {
        EXPECT_THAT(plan.order, testing::Contains(i));
        EXPECT_EQ(plan.runs_as[i], i);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Queue, ActionOrder,
    testing::Values(
        OrderRow{"as_asked", {"restart b", "cp a x", "restart a"}, {"restart b", "cp a x", "restart a"}},
        OrderRow{"a_repeat", {"restart a", "restart a"}, {"restart a"}},
        OrderRow{"a_repeat_past_other_units",
                 {"restart a", "reload b", "stop c", "restart a"},
                 {"restart a", "reload b", "stop c"}},
        OrderRow{"a_stop_past_a_start_of_what_may_want_it",
                 {"stop a", "start b", "stop a"},
                 {"stop a", "start b", "stop a"}},
        OrderRow{"a_start_past_a_stop_of_what_may_end_it",
                 {"start a", "stop b", "start a"},
                 {"start a", "stop b", "start a"}},
        OrderRow{"a_repeat_of_one_of_several", {"restart a b", "restart b"}, {"restart a b"}},
        OrderRow{"no_repeat_of_more", {"start b", "start a b"}, {"start b", "start a b"}},
        OrderRow{"stop_start_stop", {"stop a", "start a", "stop a"}, {"stop a", "start a", "stop a"}},
        OrderRow{"restart_stop_restart",
                 {"restart a", "stop a", "restart a"},
                 {"restart a", "stop a", "restart a"}},
        OrderRow{"stop_between_in_one_of_several",
                 {"start a b", "stop b", "start a b"},
                 {"start a b", "stop b", "start a b"}},
        OrderRow{"another_command_between",
                 {"restart a", "cp x y", "restart a"},
                 {"restart a", "cp x y", "restart a"}},
        OrderRow{"a_setting_between",
                 {"restart a", "sysctl -w k=v", "restart a"},
                 {"restart a", "sysctl -w k=v", "restart a"}},
        OrderRow{"a_command_repeated", {"cp a x", "cp a x"}, {"cp a x"}},
        OrderRow{"a_command_undone_between", {"cp a x", "rm x", "cp a x"}, {"cp a x", "rm x", "cp a x"}},
        OrderRow{"a_command_with_a_unit_between",
                 {"cp a x", "start a", "cp a x"},
                 {"cp a x", "start a", "cp a x"}},
        OrderRow{"restart_after_start", {"start a", "restart a"}, {"restart a"}},
        OrderRow{"restart_after_reload", {"reload a", "restart b", "restart a"}, {"restart b", "restart a"}},
        OrderRow{"restart_after_start_and_reload", {"start a", "reload a", "restart a"}, {"restart a"}},
        OrderRow{"restart_after_start_of_more", {"start a b", "restart a"}, {"start a b", "restart a"}},
        OrderRow{"restart_after_what_needs_the_start",
                 {"start a", "a-setup", "restart a"},
                 {"start a", "a-setup", "restart a"}},
        OrderRow{
            "restart_after_stop", {"start a", "stop a", "restart a"}, {"start a", "stop a", "restart a"}},
        OrderRow{"reload_between_restarts", {"restart a", "reload a", "restart a"}, {"restart a"}},
        OrderRow{"start_after_restart", {"restart a", "start a"}, {"restart a", "start a"}},
        OrderRow{"a_pattern_may_be_any_unit",
                 {"restart a", "stop b*", "restart a"},
                 {"restart a", "stop b*", "restart a"}},
        OrderRow{"a_pattern_repeated", {"restart a*", "restart a*"}, {"restart a*"}},
        OrderRow{"daemon_reload_first",
                 {"restart a", "daemon-reload", "sysctl -w k=v", "daemon-reload"},
                 {"daemon-reload", "restart a", "sysctl -w k=v"}},
        OrderRow{"daemon_reload_after_what_may_change_units",
                 {"daemon-reload", "cp u /etc", "daemon-reload", "start u", "daemon-reload"},
                 {"daemon-reload", "cp u /etc", "daemon-reload", "start u"}},
        OrderRow{"a_new_unit_is_not_the_old_one",
                 {"start u", "cp u /etc", "daemon-reload", "start u"},
                 {"start u", "cp u /etc", "daemon-reload", "start u"}},
        OrderRow{"the_end_last", {"reboot", "restart a", "reboot"}, {"restart a", "reboot"}},
        OrderRow{"the_first_end", {"poweroff", "reboot"}, {"poweroff"}}, OrderRow{"nothing", {}, {}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(ActionPlan, SaysWhatStandsForADroppedOne) {
    const std::vector<Action> all =
        actions({"start a", "restart b", "restart a", "reload b", "restart b", "restart a"});
    EXPECT_THAT(plan_of(all).runs_as, ElementsAre(2, 1, 2, 1, 1, 2));
}

TEST(ActionPlan, OtherContextsAreOtherCommands) {
    std::vector<Action> all = actions({"restore f", "restore f", "restore f", "restore f"});
    all[1].context.directory = "/srv";
    all[2].context.input = "rules";
    all[3].context.input = "rules";
    all[3].context.environment = {"SHLVL=2", "_=/usr/bin/restore"}; // what bash counts for itself
    EXPECT_THAT(plan_of(all).order, ElementsAre(0, 1, 2));
}

TEST(FullUnitName, FollowsTheTable) {
    using Row = std::pair<const char*, const char*>;
    for (const auto& [given, expected] :
         {Row{"nginx", "nginx.service"}, Row{"nginx.service", "nginx.service"}, Row{"a.timer", "a.timer"},
          Row{"php8.2-fpm", "php8.2-fpm.service"}, Row{"getty@tty1", "getty@tty1.service"}, Row{"a*", "a*"},
          Row{"/home", "/home"}})
        EXPECT_EQ(full_unit_name(given), expected);
    EXPECT_EQ(with_full_names({ServiceVerb::start, {"a", "b.socket"}}),
              (ServiceMeaning{ServiceVerb::start, {"a.service", "b.socket"}}));
}

struct UnitFileRow {
    const char* path;
    bool expected;
};

TEST(IsUnitFile, FollowsTheTable) {
    for (const auto& [path, expected] :
         {UnitFileRow{"/etc/systemd/system/a.service", true},
          UnitFileRow{"/usr/lib/systemd/system/a.timer", true},
          UnitFileRow{"/lib/systemd/system/a.service.d/x.conf", true}, UnitFileRow{"/etc/init.d/a", true},
          UnitFileRow{"/etc/systemd/system", false}, UnitFileRow{"/etc/systemd/system.conf", false},
          UnitFileRow{"/etc/systemd/user/a.service", false}, UnitFileRow{"/etc/init.d", false},
          UnitFileRow{"/etc/motd", false}})
        EXPECT_EQ(is_unit_file(path), expected) << path;
}

struct ConcludedRow {
    const char* name;
    bool reload_units;
    std::vector<std::string> first, second; ///< what two modules ask for
    std::vector<std::string> expected_first, expected_second;
};
class ConcludedActions : public testing::TestWithParam<ConcludedRow> {};

TEST_P(ConcludedActions, FollowTheTable) {
    std::vector<ModuleReport> modules(3);
    modules[0].actions = actions(GetParam().first);
    modules[2].actions = actions(GetParam().second);
    conclude_actions(modules, GetParam().reload_units);
    const auto texts = [](const ModuleReport& module) {
        std::vector<std::string> all;
        for (const Action& one : module.actions)
            all.push_back(words_of(one) + (one.repeated ? " again" : ""));
        return all;
    };
    EXPECT_EQ(texts(modules[0]), GetParam().expected_first);
    EXPECT_EQ(texts(modules[2]), GetParam().expected_second);
    EXPECT_TRUE(modules[1].actions.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Modules, ConcludedActions,
    testing::Values(
        ConcludedRow{"repeats", false, {"restart a"}, {"restart a"}, {"restart a"}, {"restart a again"}},
        ConcludedRow{"reload_added",
                     true,
                     {"cp a b"},
                     {"cp a b", "restart a", "restart b"},
                     {"cp a b"},
                     {"cp a b again", "systemctl daemon-reload", "restart a", "restart b"}},
        ConcludedRow{
            "reload_asked_for", true, {"restart a"}, {"daemon-reload"}, {"restart a"}, {"daemon-reload"}},
        ConcludedRow{"no_unit_acted_on", true, {"cp a b"}, {}, {"cp a b"}, {}},
        ConcludedRow{"reload_asked_for_too_late",
                     true,
                     {"restart a", "cp a b"},
                     {"daemon-reload"},
                     {"systemctl daemon-reload", "restart a", "cp a b"},
                     {"daemon-reload"}},
        ConcludedRow{"no_unit_file_changed", false, {"restart a"}, {}, {"restart a"}, {}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(CountActions, LeavesOutRepeats) {
    std::vector<ModuleReport> modules(2);
    modules[0].actions = actions({"restart a", "restart b", "restart c"});
    modules[1].actions = actions({"restart a", "restart d"});
    conclude_actions(modules, false);
    modules[0].actions[0].outcome = modules[1].actions[0].outcome = ActionOutcome::done;
    modules[0].actions[1].outcome = ActionOutcome::failed;
    const ActionCounts counts = count_actions(modules);
    EXPECT_EQ(counts.done, 1U);
    EXPECT_EQ(counts.failed, 1U);
    EXPECT_EQ(counts.pending, 2U);
    EXPECT_EQ(count_actions(modules[1]).all(), 1U);
}

} // namespace
} // namespace disco::model
