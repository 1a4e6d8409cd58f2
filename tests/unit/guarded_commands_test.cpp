// What becomes of guarded commands, by the grammars that are shipped.

#include "policy/guarded_commands.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/build_tree.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using model::ServiceVerb;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const GuardedCommands& shipped() {
    static const GuardedCommands commands = load_guarded_commands(tests::data_directory(), "/nonexistent");
    return commands;
}

GuardDecision decide(const char* line) { return shipped().decide(sys::split_words(line)); }

struct Row {
    const char* line;
    const char* kind; ///< "" for an unknown form
};
class Guarded : public testing::TestWithParam<Row> {};
TEST_P(Guarded, IsDecided) {
    const auto argv = sys::split_words(GetParam().line);
    ASSERT_TRUE(shipped().contains(argv[0])) << GetParam().line;
    const GuardDecision decision = shipped().decide(argv);
    EXPECT_STREQ(decision.known ? to_string(decision.kind) : "", GetParam().kind)
        << GetParam().line << ": " << decision.reason;
    if (decision.kind == GuardKind::query) { // what was rebuilt is understood the same way
        const GuardDecision again = shipped().decide(decision.query);
        EXPECT_EQ(again.kind, GuardKind::query) << GetParam().line << ": " << again.reason;
        EXPECT_EQ(again.query, decision.query);
        EXPECT_EQ(again.place, decision.place);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Services, Guarded,
    testing::Values(
        Row{"systemctl is-active nginx", "query"}, Row{"systemctl --quiet is-active nginx", "query"},
        Row{"systemctl -q is-active -- nginx", "query"}, Row{"systemctl show -p ActiveState nginx", "query"},
        Row{"systemctl show -pActiveState --value nginx", "query"},
        Row{"systemctl show nginx --prop ActiveState", "query"}, Row{"systemctl", "query"},
        Row{"systemctl list-units --type service", "query"}, Row{"systemctl -at service", "query"},
        Row{"systemctl status", "query"}, Row{"systemctl cat nginx.service", "query"},
        Row{"systemctl --version", "view"}, Row{"systemctl is-enabled nginx", "view"},
        Row{"systemctl --root=/ enable nginx", "view"}, Row{"systemctl --root / enable nginx", "view"},
        Row{"systemctl enable --now nginx", "view"}, Row{"systemctl mask nginx", "view"},
        Row{"systemctl set-default multi-user.target", "view"}, Row{"systemctl preset-all", "view"},
        Row{"systemctl enable /srv/app/app.service", "view"}, Row{"systemctl list-unit-files", "view"},
        Row{"systemctl restart nginx", "action"}, Row{"systemctl restart -q --no-block nginx", "action"},
        Row{"systemctl daemon-reload", "action"}, Row{"systemctl reboot", "action"},
        Row{"systemctl -i reboot", "action"}, Row{"systemctl --dry-run reboot", "query"},
        Row{"systemctl edit nginx", "refuse"}, Row{"systemctl --user start x", "refuse"},
        Row{"systemctl -H host status", "refuse"}, Row{"systemctl -M box restart x", "refuse"},
        // No value of an option is taken for the verb.
        Row{"systemctl -o cat restart victim", "action"}, Row{"systemctl -p is-active restart x", "action"},
        Row{"systemctl -t show stop x", "action"}, Row{"systemctl -ocat restart victim", "action"},
        Row{"systemctl --state is-active start x", "action"}, Row{"systemctl -P show restart x", "action"},
        // What the grammar does not have.
        Row{"systemctl list-foo", ""}, Row{"systemctl --foo status", ""}, Row{"systemctl -Z status", ""},
        Row{"systemctl --no-w restart x", ""}, Row{"systemctl --quiet=yes restart x", ""},
        Row{"systemctl restart", ""}, Row{"systemctl restart ''", ""}, Row{"systemctl restart 'a b'", ""},
        Row{"systemctl restart ../x", ""}, Row{"systemctl restart 'x;reboot'", ""},
        Row{"systemctl is-active x -- --root=/", ""}, Row{"systemctl -- -H host", ""},
        Row{"systemctl --root=/ status x", ""}, Row{"systemctl --now restart x", ""}, Row{"systemctl -t", ""},
        Row{"systemctl start $'x\\nreboot'", ""}, Row{"systemctl enable proc/1/root/x.service", ""},
        Row{"service nginx status", "query"}, Row{"service --status-all", "query"},
        Row{"service nginx reload", "action"}, Row{"service nginx --full-restart", "action"},
        Row{"service ../../srv/x status", ""}, Row{"service 'x -H HOST y' status", ""},
        Row{"service status start", "action"}, Row{"service nginx frobnicate", ""},
        Row{"invoke-rc.d nginx status", "query"}, Row{"invoke-rc.d --quiet nginx start", "action"},
        Row{"invoke-rc.d --query nginx start", "view"}, Row{"invoke-rc.d /srv/x status", ""},
        Row{"deb-systemd-invoke restart x.service", "view"}, Row{"deb-systemd-invoke is-active x", "view"},
        Row{"deb-systemd-invoke --user restart x.service", "action"},
        Row{"deb-systemd-invoke restart \"x' 'y\"", ""}, Row{"update-rc.d nginx defaults", "view"},
        Row{"chkconfig --list", "view"}, Row{"rc-service x status", "query"},
        Row{"rc-service x restart", "action"}, Row{"rc-update add x default", "view"},
        Row{"initctl list", "query"}, Row{"initctl start x", "action"}, Row{"telinit 6", "action"},
        Row{"init 0", "action"}, Row{"init q", "action"}, Row{"init 9", ""}, Row{"runlevel", "query"},
        Row{"reboot", "action"}, Row{"reboot -f", "action"}, Row{"shutdown -h now", "action"},
        Row{"shutdown -r +5 'come back'", "action"}, Row{"shutdown -c", "action"}, Row{"halt", "action"},
        Row{"poweroff", "action"}, Row{"systemd-tmpfiles --create x.conf", "both"},
        Row{"systemd-tmpfiles --root=/ --create", "view"}, Row{"systemd-tmpfiles --cat-config", "view"},
        Row{"systemd-sysusers x.conf", "view"}, Row{"journalctl -u nginx -n 20 --no-pager", "query"},
        Row{"journalctl -b -1", "query"}, Row{"journalctl -f", "refuse"},
        Row{"journalctl --machine=x", "refuse"}, Row{"systemctl help x", "refuse"},
        Row{"systemd-tmpfiles --user --create", "refuse"}, Row{"systemctl enable --now --root=/ x", "view"},
        Row{"journalctl --vacuum-time=2d", "action"}, Row{"journalctl --update-catalog", "view"}));
INSTANTIATE_TEST_SUITE_P(
    Machine, Guarded,
    testing::Values(
        Row{"sysctl -n net.ipv4.ip_forward", "query"}, Row{"sysctl -ne kernel.x", "query"},
        Row{"sysctl -a", "query"}, Row{"sysctl net.ipv4.ip_forward=1", "action"},
        Row{"sysctl kernel/../../../etc/shadow", ""}, Row{"sysctl -n a b=1", ""},
        Row{"sysctl -w net.ipv4.ip_forward=1", "action"}, Row{"sysctl -qw kernel.x='1 2'", "action"},
        Row{"sysctl -p", "action"}, Row{"sysctl -p -", "action"}, Row{"sysctl --system", "action"},
        Row{"modprobe -n x", "view"}, Row{"modprobe -nv x", "view"}, Row{"modprobe -D x", "view"},
        Row{"modprobe x", "action"}, Row{"modprobe -r x", "action"}, Row{"modprobe x a=1", "action"},
        Row{"insmod x.ko", "action"}, Row{"rmmod x", "action"}, Row{"lsmod", "query"},
        Row{"modinfo -F version x", "view"}, Row{"hostnamectl", "query"},
        Row{"hostnamectl set-hostname x", "action"}, Row{"hostnamectl hostname", "query"},
        Row{"timedatectl show -p NTP --value", "query"}, Row{"timedatectl set-ntp true", "action"},
        Row{"timedatectl set-time '2030-01-01 00:00'", "action"}, Row{"localectl", "query"},
        Row{"localectl set-locale LANG=C", "action"}, Row{"loginctl list-sessions", "query"},
        Row{"loginctl terminate-user x", "action"}, Row{"loginctl -H h", "refuse"},
        Row{"udevadm info /dev/sda", "query"}, Row{"udevadm info -q name --name sda", "query"},
        Row{"udevadm trigger", "action"}, Row{"udevadm trigger --subsystem-match net", "action"},
        Row{"udevadm settle -t 5", "action"}, Row{"udevadm control --reload-rules", "action"},
        Row{"udevadm hwdb --update", "view"}, Row{"udevadm monitor", "refuse"},
        Row{"udevadm info -c", "action"}, Row{"crontab -e", "refuse"}, Row{"crontab -u root -e", "refuse"},
        Row{"crontab -l", "view"}, Row{"crontab -", "view"}, Row{"crontab /tmp/x", "view"},
        Row{"at now", "refuse"}, Row{"at -l", "view"}, Row{"atq", "view"}, Row{"batch", "refuse"},
        Row{"kill -HUP 5", "view"}, Row{"kill -9 -1", "view"}, Row{"docker ps -a", "query"},
        Row{"pkill nginx", "action"}, Row{"nft 'list ruleset'", "query"},
        Row{"nft list 'tables; delete table inet keepme'", ""},
        Row{"nft list $'tables\\ndelete table inet keepme'", ""}, Row{"iptables -t nat -L -n", "query"},
        Row{"iptables -nvL INPUT 1", "query"}, Row{"iptables -L INPUT -F", ""},
        Row{"ip -br addr show dev eth0", "query"}, Row{"ip link set eth0 up", "action"},
        Row{"ip -family inet addr", "query"}, Row{"ip -n show link set eth0 up", "action"}));

TEST(GuardedCommandLines, AreRebuiltFromWhatWasParsed) {
    EXPECT_THAT(
        decide("systemctl -aqp Id,ActiveState show nginx").query,
        ElementsAre("systemctl", "--property=Id,ActiveState", "--all", "--quiet", "show", "--", "nginx"));
    EXPECT_THAT(decide("/usr/bin/systemctl check x -- y --quiet").query, IsEmpty());
    EXPECT_THAT(decide("/proc/1/root/tmp/systemctl check -q x -- y").query,
                ElementsAre("systemctl", "--quiet", "check", "--", "x", "y"));
    EXPECT_THAT(decide("service x status").query, ElementsAre("service", "x", "status"));
    EXPECT_THAT(decide("ip -f inet -br a").query, ElementsAre("ip", "-family", "inet", "-brief", "a"));
    EXPECT_THAT(decide("ip route show").query, ElementsAre("ip", "route", "show"));
    EXPECT_THAT(decide("ip netns").query, ElementsAre("ip", "netns"));
    EXPECT_THAT(decide("systemctl list-sockets").query, ElementsAre("systemctl", "list-sockets"));
    EXPECT_THAT(decide("nft -a list 'table inet  x'").query,
                ElementsAre("nft", "--handle", "list", "table", "inet", "x"));
    EXPECT_THAT(decide("udevadm -d info -q name -- /dev/sda").query,
                ElementsAre("udevadm", "--debug", "info", "--query=name", "--", "/dev/sda"));
    EXPECT_THAT(decide("journalctl -b -n5 -u x").query,
                ElementsAre("journalctl", "--boot", "--unit=x", "--lines=5"));
}

TEST(GuardedCommandLines, OfViewsAreTheCallersLessWhatIsQueued) {
    const GuardDecision plain = decide("/bin/systemctl enable -q nginx");
    EXPECT_THAT(plain.view, ElementsAre("/bin/systemctl", "enable", "-q", "nginx"));
    EXPECT_THAT(plain.environment, ElementsAre("SYSTEMD_OFFLINE=1"));
    EXPECT_THAT(plain.action, IsEmpty());
    const GuardDecision now = decide("/bin/systemctl --now enable nginx b.timer --no-block");
    EXPECT_THAT(now.view, ElementsAre("/bin/systemctl", "enable", "--", "nginx", "b.timer"));
    EXPECT_THAT(now.action, ElementsAre("systemctl", "--no-block", "start", "nginx", "b.timer"));
    EXPECT_EQ(now.meaning, (model::ServiceMeaning{ServiceVerb::start, {"nginx.service", "b.timer"}}));
    EXPECT_THAT(decide("systemctl disable --now x").action, ElementsAre("systemctl", "stop", "x"));
    const GuardDecision both = decide("systemd-tmpfiles --create x.conf");
    EXPECT_EQ(both.view, both.action);
    EXPECT_THAT(both.action, ElementsAre("systemd-tmpfiles", "--create", "x.conf"));
}

TEST(GuardedCommandLines, MeanTheSameByWhicheverCommand) {
    const model::ServiceMeaning restart{ServiceVerb::restart, {"x.service"}};
    for (const char* line : {"systemctl restart x", "systemctl -q restart x.service", "service x restart",
                             "service x --full-restart", "invoke-rc.d x restart", "rc-service x restart"})
        EXPECT_EQ(decide(line).meaning, restart) << line;
    EXPECT_EQ(decide("init 6").meaning.verb, ServiceVerb::end_machine);
    EXPECT_EQ(decide("shutdown -c").meaning.verb, ServiceVerb::none);
    EXPECT_EQ(decide("invoke-rc.d --skip-systemd-native x start").meaning.verb, ServiceVerb::none);
    EXPECT_EQ(decide("systemctl isolate rescue.target").meaning.verb, ServiceVerb::anything);
    EXPECT_EQ(decide("systemctl is-active nginx").meaning,
              (model::ServiceMeaning{ServiceVerb::is_active, {"nginx.service"}}));
}

TEST(GuardedCommandLines, AreDecidedInTheViewWhereTheGrammarSaysHow) {
    const GuardDecision start = decide("/usr/sbin/invoke-rc.d --skip-systemd-native x start");
    EXPECT_THAT(start.decides, ElementsAre("/usr/sbin/invoke-rc.d", "--quiet", "--query",
                                           "--skip-systemd-native", "x", "start"));
    EXPECT_THAT(start.goes_on, ElementsAre(104, 105));
    EXPECT_THAT(start.action,
                ElementsAre("/usr/sbin/invoke-rc.d", "--force", "--skip-systemd-native", "x", "start"));
    EXPECT_THAT(decide("systemctl start x").decides, IsEmpty());
}

TEST(GuardedCommandLines, HaveNeedsAndPlaces) {
    EXPECT_THAT(decide("systemctl is-active x").needs, ElementsAre(Need::bus));
    EXPECT_THAT(decide("systemctl status x").needs, ElementsAre(Need::read_all, Need::bus));
    EXPECT_THAT(decide("systemctl is-active x").place, HasSubstr("guarded.d/systemd:"));
    EXPECT_FALSE(shipped().contains("ls"));
    EXPECT_FALSE(shipped().contains("deb-systemd-helper"));
    // A link to a guarded command is a name of its own.
    EXPECT_EQ(decide("ifquery eth0").kind, GuardKind::view);
    EXPECT_EQ(decide("ifup eth0").kind, GuardKind::action);
}

TEST(GuardedCommandLines, OfAnUnknownFormNameTheLineToAdd) {
    const GuardDecision decision = decide("systemctl list-foo");
    EXPECT_EQ(decision.kind, GuardKind::refuse);
    EXPECT_EQ(decision.line, "form query systemctl list-foo");
    EXPECT_THAT(decision.reason, HasSubstr("/etc/disco/policy/guarded.d: form query systemctl list-foo"));
    EXPECT_THAT(decide("service 'x -H HOST y' status").reason,
                HasSubstr("'x -H HOST y' cannot stand where it stands"));
    EXPECT_THAT(decide("systemctl -o").reason, HasSubstr("the value of '--output' is missing"));
    EXPECT_THAT(decide("systemctl -n 'a b' status").reason, HasSubstr("'a b' is no value of '--lines'"));
    EXPECT_THAT(decide("at now").reason, HasSubstr("use cron"));
    std::vector<std::string> many = {"systemctl", "list-foo"};
    many.resize(100'000, std::string(10, 'a'));
    EXPECT_LT(shipped().decide(many).reason.size(), 2000U);
    EXPECT_EQ(shipped().decide(many).line, "");
    EXPECT_LT(shipped().decide({"systemctl", std::string(1'000'000, 'a')}).reason.size(), 2000U);
    EXPECT_LT(shipped().decide({"systemctl", "-n", std::string(1'000'000, 'a')}).reason.size(), 2000U);
    EXPECT_LT(shipped().decide({"systemctl", "--" + std::string(1'000'000, 'a')}).reason.size(), 2000U);
}

} // namespace
} // namespace disco::policy
