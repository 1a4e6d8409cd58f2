// Questions that scripts ask: in a no-op they are given the answers that the machine itself gives.

#include "tests/support/booted_host.hpp"

#include <regex>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Question {
    const char* name;
    const char* lines;
    friend std::ostream& operator<<(std::ostream& out, const Question& row) { return out << row.lines; }
};
class BootedAnswer : public BootedTest, public testing::WithParamInterface<Question> {
protected:
    /// Without what is another one at any time.
    static std::string stable(const std::string& text) {
        static const std::regex varying{
            "([0-9]+(min|s|ms|h) ?)+ago|[0-9.]+(ms|s|min|K|M)\\b|valid_lft [0-9a-z]+|"
            "(timer|users|age):[^ ]*"};
        return std::regex_replace(text, varying, "X");
    }
};

TEST_P(BootedAnswer, InANoopIsThatOfTheMachine) {
    const std::string machine = answer(Machine::disco, GetParam().lines);
    EXPECT_EQ(stable(answer_in_noop(GetParam().lines)), stable(machine));
    EXPECT_THAT(actions(), testing::IsEmpty());
    EXPECT_EQ(changes(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(
    Network, BootedAnswer,
    testing::Values(
        Question{"ip_a_s", "ip a s"}, Question{"ip_a", "ip a"}, Question{"ip_inet_addr", "ip -f inet addr"},
        Question{"ip_4_addr", "ip -4 addr show lo"}, Question{"ip_brief", "ip -br link"},
        Question{"ip_link", "ip link show dev lo"}, Question{"ip_json", "ip -j addr"},
        Question{"ip_oneline", "ip -o -4 addr show"}, Question{"ip_route", "ip route"},
        Question{"ip_6_route", "ip -6 route show table all"}, Question{"ip_rule", "ip rule"},
        Question{"ip_neighbour", "ip neigh show"}, Question{"ip_no_device", "ip link show dev nothing"},
        Question{"ss_listening", "ss -Hltn"}, Question{"ss_tcp", "ss -tln"},
        Question{"ss_processes", "ss -tlpn"}, Question{"ss_unix", "ss -xlH | grep -c systemd"},
        Question{"networkctl", "networkctl list --no-legend --no-pager 2>/dev/null"},
        Question{"ss_summary", "ss -s | tail -n +3"}, Question{"tc", "tc qdisc show"},
        Question{"bridge", "bridge link"}, Question{"hostname_I", "hostname -I"},
        Question{"netconf", "ip netconf show dev lo"}, Question{"ifconfig", "ifconfig lo | head -n 3"},
        Question{"ifconfig_a", "ifconfig -a | grep -c lo:"},
        Question{"ifconfig_nothing", "ifconfig nothing 2>&1"}, Question{"arp", "arp -n"},
        Question{"route", "route -n"}, Question{"route_6", "route -n -A inet6"},
        Question{"netstat_interfaces", "netstat -i | cut -d ' ' -f 1"},
        Question{"netstat_listening", "netstat -tln"}, Question{"ethtool", "ethtool lo"},
        Question{"ethtool_features", "ethtool -k lo"}, Question{"ethtool_driver", "ethtool -i lo 2>&1"},
        Question{"ethtool_nothing", "ethtool nothing 2>/dev/null"},
        Question{"ifconfig_of_another", "setpriv --reuid 1000 --clear-groups ifconfig lo | head -n 3"},
        Question{"ip_of_another", "setpriv --reuid 1000 --clear-groups ip -br addr"},
        Question{"sysctl", "sysctl -n net.ipv4.ip_forward"},
        Question{"sysctl_ne", "sysctl -ne net.ipv4.ip_forward no.such"},
        Question{"sysctl_kernel", "sysctl kernel.hostname"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    Services, BootedAnswer,
    testing::Values(
        Question{"is_active", "systemctl is-active dbus"},
        Question{"is_active_two", "systemctl is-active dbus nothing"},
        Question{"is_active_quiet", "systemctl --quiet is-active dbus && echo yes"},
        Question{"is_failed", "systemctl is-failed dbus"},
        Question{"is_enabled", "systemctl is-enabled dbus"},
        Question{"is_running", "systemctl is-system-running"},
        Question{"show_property", "systemctl show --property MainPID dbus"},
        Question{"show_p", "systemctl show -p ActiveState -p SubState dbus"},
        Question{"show_value", "systemctl show -P FragmentPath dbus"},
        Question{"show_manager", "systemctl show --property Version"},
        Question{"list_services", "systemctl list-units --type service --no-pager --no-legend --plain"},
        Question{"list_failed", "systemctl --failed"},
        Question{"list_all", "systemctl list-units --all --no-pager --plain -t socket"},
        Question{"list_files", "systemctl list-unit-files --no-pager dbus.service cron.service"},
        Question{"list_jobs", "systemctl list-jobs"},
        Question{"list_sockets", "systemctl list-sockets --no-pager"},
        Question{"dependencies", "systemctl list-dependencies --plain basic.target --no-pager"},
        Question{"get_default", "systemctl get-default"}, Question{"cat", "systemctl cat dbus.service"},
        Question{"status_exit", "systemctl status nothing >/dev/null 2>&1; echo $?"},
        Question{"status_lines", "systemctl status -n 0 --no-pager dbus | grep -E 'Loaded|Main PID'"},
        Question{"service_status", "service dbus status | grep Loaded"},
        Question{"hostnamectl", "hostnamectl --static"},
        Question{"timedatectl", "timedatectl show -p Timezone"},
        Question{"loginctl", "loginctl list-sessions --no-legend"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(
    Machine, BootedAnswer,
    testing::Values(Question{"root_source", "findmnt -no SOURCE /"},
                    Question{"root_type", "findmnt -n -o FSTYPE,TARGET /"},
                    Question{"findmnt_target", "findmnt -n -o SOURCE --target /etc"},
                    Question{"pgrep", "pgrep -x systemd"}, Question{"pgrep_name", "pgrep -l dbus-daemon"},
                    Question{"pgrep_nothing", "pgrep -x nothing"}, Question{"pidof", "pidof dbus-daemon"},
                    Question{"blkid", "blkid"}, Question{"blkid_uuid", "blkid -o value -s UUID"},
                    Question{"lsblk", "lsblk -no NAME"}, Question{"lsblk_uuid", "lsblk -no UUID,FSTYPE"},
                    Question{"root_uuid", "findmnt -no UUID,PARTUUID /"},
                    Question{"grub_device", "grub-probe -t device / 2>&1"},
                    Question{"grub_fs", "grub-probe --target=fs /boot 2>&1"},
                    Question{"swapon", "swapon --show"}, Question{"lsmod", "lsmod | cut -d ' ' -f 1"},
                    Question{"hostname", "hostname"}, Question{"kill_0", "kill -0 1 && echo there"},
                    Question{"runlevel", "runlevel"}, Question{"uname", "uname -r"}),
    [](const auto& row) { return std::string{row.param.name}; });

/// Of the packet filter of the old kind, which is asked by getsockopt(2).
class BootedOldTables : public BootedTest {};

TEST_F(BootedOldTables, AreShownWhereTheyAre) {
    const std::string asks =
        "iptables-legacy -S; iptables-legacy -L FORWARD -n; iptables-legacy-save | grep -v '^#';"
        "iptables-legacy -C FORWARD -p udp --dport 53 -j DROP; echo $?;"
        "iptables-legacy -C FORWARD -p udp --dport 54 -j DROP 2>&1; echo $?;"
        "ip6tables-legacy -S";
    prepare(Machine::disco, "apt-get -qq --yes install iptables > /dev/null 2>&1");
    // To ask for a table makes it, and a question makes nothing.
    EXPECT_THAT(answer_in_noop("iptables-legacy -t raw -S 2>&1"),
                AllOf(HasSubstr("the kernel has no table 'raw' (ip_tables) by now"), HasSubstr("exit")));
    EXPECT_THAT(answer(Machine::disco, "cat /proc/net/ip_tables_names"), Not(HasSubstr("raw")));
    prepare(Machine::disco,
            "iptables-legacy -A FORWARD -p udp --dport 53 -j DROP && ip6tables-legacy -P FORWARD ACCEPT");
    EXPECT_EQ(answer_in_noop(asks), answer(Machine::disco, asks));
    EXPECT_THAT(answer(Machine::disco, asks), HasSubstr("-A FORWARD -p udp -m udp --dport 53 -j DROP"));
    prepare(Machine::disco, "iptables-legacy -D FORWARD -p udp --dport 53 -j DROP");
}

class BootedUnknownForm : public BootedTest {};

TEST_F(BootedUnknownForm, IsRefusedWithTheLineToAdd) {
    const auto result = exec({"--noop"}, "systemctl no-such-verb x; test $? = 69");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(notices(), AllOf(HasSubstr("refused"), HasSubstr("systemctl no-such-verb"),
                                 HasSubstr("/etc/disco/policy/guarded.d")));
    EXPECT_THAT(actions(), testing::IsEmpty());
}

TEST_F(BootedUnknownForm, OfAnActionIsNotRunAfterTheMerge) {
    const auto result =
        exec({"--merge"}, "echo x > /etc/unknown-form; systemctl restart --no-such-option dbus || true");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), testing::IsEmpty());
    EXPECT_EQ(answer(Machine::disco, "cat /etc/unknown-form"), "x\n");
}

} // namespace
} // namespace disco::tests
