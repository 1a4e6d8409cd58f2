// Which actions would change nothing, by what the machine answers.

#include "runner/model/already_true.hpp"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::model {
namespace {

using testing::ElementsAre;

Action command(const std::string& text, ServiceVerb verb = ServiceVerb::none) {
    Action made;
    std::istringstream words{text};
    for (std::string word; words >> word;) made.argv.push_back(word);
    made.meaning.verb = verb;
    return made;
}

Action on_units(ServiceVerb verb, std::vector<std::string> units) {
    Action made;
    made.argv = {"systemctl", "…"};
    made.meaning = {verb, std::move(units)};
    return made;
}

std::string unit(const std::string& name, const std::string& state, const std::string& more = "") {
    return "Names=" + name + " alias-" + name + "\nActiveState=" + state + "\n" + more +
           "Requires=system.slice sysinit.target\nConflicts=shutdown.target\n";
}

struct Row {
    const char* name;
    Action action;
    std::vector<Action> earlier;
    std::string answer;
    bool expected;
};
class AlreadyTrue : public testing::TestWithParam<Row> {};

TEST_P(AlreadyTrue, FollowsTheTable) {
    const Row& row = GetParam();
    std::vector<const Action*> earlier;
    for (const Action& one : row.earlier) earlier.push_back(&one);
    EXPECT_EQ(already_true(row.action, earlier, row.answer), row.expected);
}

/// `kill`, say: it names no units, and changes what may be a part of one.
Action changing(const std::string& text, const std::string& subject) {
    Action made = command(text);
    made.effects.changes = {{subject}};
    return made;
}

using enum ServiceVerb;
INSTANTIATE_TEST_SUITE_P(
    Units, AlreadyTrue,
    testing::Values(
        Row{"start_of_active", on_units(start, {"a.service"}), {}, unit("a.service", "active"), true},
        Row{"start_of_inactive", on_units(start, {"a.service"}), {}, unit("a.service", "inactive"), false},
        Row{"start_of_failed", on_units(start, {"a.service"}), {}, unit("a.service", "failed"), false},
        Row{"start_of_one_that_comes",
            on_units(start, {"a.service"}),
            {},
            unit("a.service", "activating"),
            false},
        Row{"start_of_one_that_is_to_change",
            on_units(start, {"a.service"}),
            {},
            unit("a.service", "active", "Job=17\n"),
            false},
        Row{"start_without_a_job",
            on_units(start, {"a.service"}),
            {},
            unit("a.service", "active", "Job=0\n"),
            true},
        Row{"start_of_a_target", on_units(start, {"a.target"}), {}, unit("a.target", "active"), false},
        Row{"start_after_a_signal",
            on_units(start, {"a.service"}),
            {changing("pkill a", "processes")},
            unit("a.service", "active"),
            false},
        Row{"stop_after_a_mount",
            on_units(stop, {"mnt.mount"}),
            {changing("mount /mnt", "mounts")},
            unit("mnt.mount", "inactive"),
            false},
        Row{"start_after_rules",
            on_units(start, {"a.service"}),
            {changing("iptables -F", "packet-filter")},
            unit("a.service", "active"),
            true},
        Row{"start_of_two",
            on_units(start, {"a.service", "b.service"}),
            {},
            unit("a.service", "active") + "\n" + unit("b.service", "active"),
            true},
        Row{"start_of_two_and_one_is_not",
            on_units(start, {"a.service", "b.service"}),
            {},
            unit("a.service", "active") + "\n" + unit("b.service", "inactive"),
            false},
        Row{"start_of_two_and_one_answer",
            on_units(start, {"a.service", "b.service"}),
            {},
            unit("a.service", "active"),
            false},
        Row{"stop_of_inactive", on_units(stop, {"a.service"}), {}, unit("a.service", "inactive"), true},
        Row{"stop_of_failed", on_units(stop, {"a.service"}), {}, unit("a.service", "failed"), true},
        Row{"stop_of_active", on_units(stop, {"a.service"}), {}, unit("a.service", "active"), false},
        Row{"stop_of_one_that_goes",
            on_units(stop, {"a.service"}),
            {},
            unit("a.service", "deactivating"),
            false},
        Row{"try_restart_of_inactive",
            on_units(try_restart, {"a.service"}),
            {},
            unit("a.service", "inactive"),
            true},
        Row{"try_restart_of_active",
            on_units(try_restart, {"a.service"}),
            {},
            unit("a.service", "active"),
            false},
        Row{"restart_is_always_one",
            on_units(restart, {"a.service"}),
            {},
            unit("a.service", "active"),
            false},
        Row{"reload_is_always_one", on_units(reload, {"a.service"}), {}, unit("a.service", "active"), false},
        Row{"no_answer", on_units(start, {"a.service"}), {}, "", false},
        Row{"another_answer", on_units(start, {"a.service"}), {}, "active\n", false},
        Row{"a_pattern", on_units(stop, {"a*"}), {}, unit("a.service", "inactive"), false},
        Row{"after_its_stop",
            on_units(start, {"a.service"}),
            {on_units(stop, {"a.service"})},
            unit("a.service", "active"),
            false},
        Row{"after_its_alias_stopped",
            on_units(start, {"a.service"}),
            {on_units(stop, {"alias-a.service"})},
            unit("a.service", "active"),
            false},
        Row{"after_another_one_started",
            on_units(start, {"a.service"}),
            {on_units(start, {"b.service"})},
            unit("a.service", "active"),
            true},
        Row{"after_what_it_conflicts_with_started",
            on_units(start, {"a.service"}),
            {on_units(start, {"b.service"})},
            unit("a.service", "active", "ConflictedBy=b.service\n"),
            false},
        Row{"after_what_it_is_part_of_stopped",
            on_units(start, {"a.service"}),
            {on_units(stop, {"b.target"})},
            unit("a.service", "active", "PartOf=b.target\n"),
            false},
        Row{"after_a_pattern_stopped",
            on_units(start, {"a.service"}),
            {on_units(stop, {"b*"})},
            unit("a.service", "active"),
            false},
        Row{"after_its_reload",
            on_units(start, {"a.service"}),
            {on_units(reload, {"a.service"})},
            unit("a.service", "active"),
            true},
        Row{"after_a_setting",
            on_units(start, {"a.service"}),
            {command("sysctl -w a=b")},
            unit("a.service", "active"),
            true},
        Row{"after_any_command",
            on_units(start, {"a.service"}),
            {command("x", anything)},
            unit("a.service", "active"),
            false}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    Kernel, AlreadyTrue,
    testing::Values(
        Row{"setting_in_force", command("sysctl -w net.ipv4.ip_forward=1"), {}, "1\n", true},
        Row{"setting_not_in_force", command("sysctl -w net.ipv4.ip_forward=1"), {}, "0\n", false},
        Row{"setting_without_w", command("/sbin/sysctl -q net.ipv4.ip_forward=1"), {}, "1\n", true},
        Row{"tabs", command("sysctl net.ipv4.tcp_rmem=4096"), {}, "\t4096 \n", true},
        Row{"two_settings", command("sysctl a=1 b=2"), {}, "1\n2\n", true},
        Row{"two_settings_one_value", command("sysctl a=1 b=2"), {}, "1\n", false},
        Row{"more_lines_than_settings", command("sysctl a=1"), {}, "1\n2\n", false},
        Row{"empty_value", command("sysctl a="), {}, "\n", true},
        Row{"other_options", command("sysctl -p a=1"), {}, "1\n", false},
        Row{"after_another_setting", command("sysctl a=1"), {command("sysctl a=2")}, "1\n", false},
        Row{"after_another_name_of_it",
            command("sysctl kernel.hostname=a"),
            {changing("hostname b", "hostname")},
            "a\n",
            false},
        Row{"after_a_unit_that_sets_some",
            command("sysctl a=1"),
            {changing("systemctl restart systemd-sysctl", "settings")},
            "1\n",
            false},
        Row{"after_any_command", command("sysctl a=1"), {command("x", anything)}, "1\n", false},
        Row{"after_a_unit", command("sysctl a=1"), {on_units(start, {"b.service"})}, "1\n", true},
        Row{"module_loaded",
            command("modprobe br-netfilter"),
            {},
            "Module Size\nbr_netfilter 32768 0\n",
            true},
        Row{"module_not_loaded", command("modprobe br-netfilter"), {}, "Module Size\nbridge 1 0\n", false},
        Row{"all_modules", command("modprobe -a x y"), {}, "x 1 0\ny 1 0\n", true},
        Row{"module_with_parameters", command("modprobe x y=1"), {}, "x 1 0\ny=1 1 0\n", false},
        Row{"module_to_be_removed", command("modprobe -r x"), {}, "x 1 0\n", false},
        Row{"module_after_its_removal", command("modprobe x"), {command("rmmod x")}, "x 1 0\n", false},
        Row{"another_command", command("iptables -A INPUT"), {}, "", false}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(QuestionBefore, NamesWhatIsAskedFor) {
    const auto asked = question_before(on_units(start, {"a.service", "b.timer"}), {});
    ASSERT_TRUE(asked);
    EXPECT_THAT(*asked, ElementsAre("systemctl", "show", testing::StartsWith("--property="), "--",
                                    "a.service", "b.timer"));
    EXPECT_THAT(*question_before(command("sysctl -w a.b=1 c=2"), {}),
                ElementsAre("sysctl", "-n", "--", "a.b", "c"));
    EXPECT_THAT(*question_before(command("modprobe x"), {}), ElementsAre("lsmod"));
    EXPECT_FALSE(question_before(on_units(restart, {"a.service"}), {}));
    EXPECT_FALSE(question_before(on_units(start, {}), {}));
    EXPECT_FALSE(question_before(on_units(start, {"-x"}), {}));
    EXPECT_FALSE(question_before(command("reboot", end_machine), {}));
}

struct RelatedRow {
    const char* name;
    ServiceVerb verb;
    const char *properties, *asked, *answer;
    bool still;
};
class Related : public testing::TestWithParam<RelatedRow> {};

TEST_P(Related, UnitsCountToo) {
    const RelatedRow& row = GetParam();
    const Action action = on_units(row.verb, {"a.service"});
    const auto question =
        question_after(action, unit("a.service", row.verb == start ? "active" : "inactive", row.properties));
    std::string asked;
    if (question)
        for (std::size_t i = 4; i < question->size(); ++i) asked += (i > 4 ? " " : "") + question->at(i);
    EXPECT_EQ(asked, row.asked);
    if (question) {
        EXPECT_EQ(still_true(action, row.answer), row.still);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Units, Related,
    testing::Values(RelatedRow{"none", start, "Wants=network.target -.mount\n", "", "", true},
                    RelatedRow{"wanted_and_up", start, "Wants=b.service\nBindsTo=c.socket\n",
                               "b.service c.socket",
                               "Id=b.service\nLoadState=loaded\nActiveState=active\n\n"
                               "Id=c.socket\nLoadState=loaded\nActiveState=active\n",
                               true},
                    RelatedRow{"wanted_and_down", start, "Wants=b.service\n", "b.service",
                               "Id=b.service\nLoadState=loaded\nActiveState=inactive\nConditionResult=no\n"
                               "ConditionTimestampMonotonic=0\n",
                               false},
                    RelatedRow{"wanted_and_not_there", start, "Wants=b.service\n", "b.service",
                               "Id=b.service\nLoadState=not-found\nActiveState=inactive\n", true},
                    RelatedRow{"wanted_and_of_no_use_here", start, "Wants=b.service\n", "b.service",
                               "Id=b.service\nLoadState=loaded\nActiveState=inactive\nConditionResult=no\n"
                               "ConditionTimestampMonotonic=77\n",
                               true},
                    RelatedRow{"part_of_it_and_up", stop, "ConsistsOf=b.service\nWants=c.service\n",
                               "b.service", "Id=b.service\nLoadState=loaded\nActiveState=active\n", false},
                    RelatedRow{"bound_to_it_and_down", stop, "BoundBy=b.service\n", "b.service",
                               "Id=b.service\nLoadState=loaded\nActiveState=failed\n", true},
                    RelatedRow{"no_answer", stop, "BoundBy=b.service\n", "b.service", "", false}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::model
