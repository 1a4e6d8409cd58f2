// What questions are answered when earlier actions of the run will have changed what they are about: by the
// grammars that are shipped.

#include "policy/guarded_commands.hpp"
#include "runner/border/pending_settings.hpp"
#include "runner/border/pending_state.hpp"
#include "runner/model/sysctl_file.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/build_tree.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::border {
namespace {

using testing::HasSubstr;
using Lines = std::vector<const char*>;

const policy::GuardedCommands& shipped() {
    static const auto commands = policy::load_guarded_commands(tests::data_directory(), "/nonexistent");
    return commands;
}

policy::GuardDecision decided(const std::string& line) {
    const auto words = sys::split_words(line);
    EXPECT_TRUE(shipped().contains(words.at(0))) << line;
    policy::GuardDecision decision = shipped().decide(words);
    EXPECT_TRUE(decision.known) << line << ": " << decision.reason;
    return decision;
}

void ask_for(PendingState& state, const std::string& line) {
    const policy::GuardDecision decision = decided(line);
    EXPECT_FALSE(decision.action.empty()) << line << " is no action";
    model::Action action;
    action.argv = decision.action;
    action.meaning = model::with_full_names(decision.meaning);
    action.covers = decision.covers;
    action.effects = {.changes = decision.changes,
                      .settings = model::assigned_by_sysctl(decision.canonical),
                      .canonical = decision.canonical};
    state.note(action, line);
}

PendingQuestion question_of(const std::string& line) {
    const policy::GuardDecision decision = decided(line);
    const bool query = decision.kind == policy::GuardKind::query;
    EXPECT_TRUE(query || decision.kind == policy::GuardKind::view) << line << " is no question";
    return {query ? decision.meaning : model::ServiceMeaning{},
            query ? decision.query : sys::split_words(line), decision.about};
}

/// "machine", "refused", or the exit code and the output.
std::string outcome(const PendingState& state, const std::string& line) {
    const auto answer = state.answer(question_of(line));
    if (!answer) return "machine";
    if (!answer->refusal.empty()) {
        EXPECT_EQ(answer->exit, 69) << line;
        EXPECT_THAT(answer->refusal, HasSubstr("disco-defer")) << line;
        EXPECT_EQ(answer->output + answer->error, "") << line;
        return "refused";
    }
    return std::to_string(answer->exit) + " " + answer->output;
}

struct Row {
    Lines actions;
    const char* question;
    const char* outcome;
    friend std::ostream& operator<<(std::ostream& stream, const Row& row) {
        for (const char* action : row.actions) stream << action << "; ";
        return stream << row.question;
    }
};
class Pending : public testing::TestWithParam<Row> {};

TEST_P(Pending, IsWhatTheQuestionIsAnsweredFrom) {
    PendingState state;
    for (const char* action : GetParam().actions) ask_for(state, action);
    EXPECT_EQ(outcome(state, GetParam().question), GetParam().outcome);
}

TEST_P(Pending, IsNothingAsLongAsNothingWasAskedFor) {
    EXPECT_EQ(outcome(PendingState{}, GetParam().question), "machine");
}

INSTANTIATE_TEST_SUITE_P(
    Services, Pending,
    testing::Values(
        Row{{"systemctl start x"}, "systemctl is-active x.service", "0 active\n"},
        Row{{"systemctl restart x.service"}, "systemctl is-active x", "0 active\n"},
        Row{{"systemctl start x"}, "systemctl is-active --quiet x", "0 "},
        Row{{"systemctl stop x"}, "systemctl is-active x", "3 inactive\n"},
        Row{{"systemctl stop x", "systemctl start x"}, "systemctl is-active x", "0 active\n"},
        Row{{"systemctl start y"}, "systemctl is-active x", "machine"},
        Row{{"systemctl start x.timer"}, "systemctl is-active x", "machine"},
        Row{{"systemctl reload x"}, "systemctl is-active x", "machine"},
        Row{{"systemctl try-restart x"}, "systemctl is-active x", "machine"},
        Row{{"systemctl try-restart x"}, "systemctl show -p MainPID x", "refused"},
        Row{{"sysctl -w a.b=1"}, "systemctl is-active x", "machine"},
        Row{{"systemctl start x"}, "systemctl is-failed x", "1 active\n"},
        Row{{"systemctl start x", "systemctl stop y"}, "systemctl is-active y x", "0 inactive\nactive\n"},
        Row{{"systemctl start x"}, "systemctl is-active x y", "refused"},
        Row{{"systemctl start x"}, "systemctl is-active 'x*'", "refused"},
        Row{{"systemctl stop 'x*'"}, "systemctl is-active y", "refused"},
        Row{{"systemctl isolate x.target"}, "systemctl is-active y", "refused"},
        Row{{"systemctl isolate x.target", "systemctl start y"}, "systemctl is-active y", "0 active\n"},
        Row{{"systemctl start x", "systemctl isolate x.target"}, "systemctl is-active x", "refused"},
        Row{{"systemctl kill x"}, "systemctl is-active x", "refused"},
        Row{{"systemctl kill x"}, "systemctl is-active y", "machine"},
        Row{{"systemctl reset-failed x"}, "systemctl is-failed x", "refused"},
        Row{{"systemctl start x"}, "systemctl show x", "refused"},
        Row{{"systemctl start x"}, "systemctl show -p ActiveState x", "refused"},
        Row{{"systemctl start x"}, "systemctl show -p LoadState --value x", "machine"},
        Row{{"systemctl start x"}, "systemctl show -p LoadState,MainPID x", "refused"},
        Row{{"systemctl start x"}, "systemctl show y", "machine"},
        Row{{"systemctl start x"}, "systemctl show -p Version", "machine"},
        Row{{"systemctl set-environment A=1"}, "systemctl show-environment", "refused"},
        Row{{"systemctl stop x"},
            "service x status",
            "3 x.service: inactive after 'systemctl stop x', which is run after the merge\n"},
        Row{{"service x stop"}, "systemctl is-active x", "3 inactive\n"},
        Row{{"systemctl enable --now x"}, "systemctl is-active x", "0 active\n"},
        Row{{"systemctl start x"}, "systemctl list-units", "refused"},
        Row{{"systemctl start x"}, "systemctl --failed", "refused"},
        Row{{"systemctl start x.timer"}, "systemctl list-timers", "refused"},
        Row{{"systemctl start x"}, "systemctl is-system-running", "refused"},
        Row{{"systemctl start x"}, "systemctl list-unit-files", "machine"},
        Row{{"systemctl start x"}, "systemctl --version", "machine"},
        Row{{"systemctl daemon-reload"}, "systemctl list-dependencies x", "refused"},
        Row{{"systemctl daemon-reload"}, "systemctl list-units", "machine"},
        Row{{"systemctl daemon-reload"}, "systemctl is-active x", "machine"},
        Row{{"systemctl restart x"}, "journalctl -u x -n 5", "refused"},
        Row{{"systemctl restart x"}, "journalctl -u y -n 5", "machine"},
        Row{{"systemctl restart x"}, "journalctl -b -p err", "machine"},
        Row{{"systemctl reboot"}, "systemctl is-active x", "machine"},
        Row{{"timedatectl set-ntp true"}, "systemctl is-active systemd-timesyncd", "refused"},
        Row{{"timedatectl set-ntp true"}, "systemctl is-active x", "machine"},
        Row{{"systemd-run --unit=x true"}, "systemctl is-active x", "refused"}));

INSTANTIATE_TEST_SUITE_P(
    Processes, Pending,
    testing::Values(Row{{"systemctl restart postgresql@15-main"}, "pgrep -x postgres", "refused"},
                    Row{{"systemctl restart ssh"}, "pidof sshd", "refused"},
                    Row{{"systemctl restart ssh"}, "pgrep -x 'mysqld|mariadbd'", "machine"},
                    Row{{"systemctl restart mariadb"}, "pgrep -x 'mysqld|mariadbd'", "refused"},
                    Row{{"systemctl restart ssh"}, "pgrep -f nginx", "refused"},
                    Row{{"systemctl restart ssh"}, "pgrep 'n.inx'", "refused"},
                    Row{{"systemctl restart ssh"}, "pgrep -u root", "refused"},
                    Row{{"systemctl reload ssh"}, "pgrep -x sshd", "machine"},
                    Row{{"systemctl reload nginx"}, "ss -ltn", "refused"},
                    Row{{"killall nginx"}, "pgrep nginx", "refused"},
                    Row{{"killall nginx"}, "pidof cron", "machine"},
                    Row{{"pkill -f cron"}, "pidof nginx", "refused"},
                    Row{{"systemctl start x"}, "netstat -tln", "refused"},
                    Row{{"ip route add 10.0.0.0/8 via 192.0.2.1"}, "ss -ltn", "machine"}));

INSTANTIATE_TEST_SUITE_P(
    Settings, Pending,
    testing::Values(
        Row{{"sysctl -w vm.swappiness=10"}, "sysctl vm.swappiness", "0 vm.swappiness = 10\n"},
        Row{{"sysctl -w vm.swappiness=10"}, "sysctl -n vm/swappiness", "0 10\n"},
        Row{{"sysctl -qew vm.swappiness=10"}, "sysctl -qne vm.swappiness", "0 10\n"},
        Row{{"sysctl -w vm.swappiness=10", "sysctl -w vm.swappiness=20"},
            "sysctl -n vm.swappiness",
            "0 20\n"},
        Row{{"sysctl -w vm.swappiness=10"}, "sysctl -n vm.overcommit_memory", "machine"},
        Row{{"sysctl -w vm.swappiness=10"}, "sysctl -N vm.swappiness", "machine"},
        Row{{"sysctl -w vm.swappiness=10"}, "sysctl -n vm.swappiness vm.overcommit_memory", "refused"},
        Row{{"sysctl -w vm.swappiness=10 vm.overcommit_memory=1"},
            "sysctl vm.swappiness vm.overcommit_memory",
            "0 vm.swappiness = 10\nvm.overcommit_memory = 1\n"},
        Row{{"sysctl -w vm.swappiness=10"}, "sysctl -a", "refused"},
        Row{{"sysctl -w vm.swappiness=010"}, "sysctl vm.swappiness", "refused"},
        Row{{"sysctl -w vm.swappiness=0x10"}, "sysctl vm.swappiness", "refused"},
        Row{{"sysctl -w net.ipv4.tcp_rmem='4096 87380 6291456'"},
            "sysctl -n net.ipv4.tcp_rmem",
            "0 4096\t87380\t6291456\n"},
        Row{{"sysctl -w net.core.default_qdisc=fq"}, "sysctl -n net.core.default_qdisc", "0 fq\n"},
        Row{{"sysctl -w vm.nr_hugepages=8"}, "sysctl -n vm.nr_hugepages", "refused"},
        Row{{"sysctl -w net.ipv4.ip_forward=1"}, "sysctl -n net.ipv4.conf.eth0.forwarding", "refused"},
        Row{{"sysctl -w net.ipv4.ip_forward=1", "sysctl -w net.ipv4.conf.eth0.forwarding=0"},
            "sysctl -n net.ipv4.conf.eth0.forwarding",
            "0 0\n"},
        Row{{"sysctl -w net.ipv4.conf.all.rp_filter=1", "sysctl -w net.ipv4.conf.default.rp_filter=2"},
            "sysctl -n net.ipv4.conf.all.rp_filter",
            "0 1\n"},
        Row{{"sysctl -w net.ipv4.conf.default.rp_filter=2"},
            "sysctl -n net.ipv4.conf.eth0.rp_filter",
            "refused"},
        Row{{"sysctl -p -"}, "sysctl -n vm.swappiness", "refused"},
        Row{{"sysctl -p -", "sysctl -w vm.swappiness=1"}, "sysctl -n vm.swappiness", "0 1\n"},
        Row{{"systemctl restart systemd-sysctl"}, "sysctl -n vm.swappiness", "refused"},
        Row{{"hostnamectl set-hostname x"}, "sysctl kernel.hostname", "refused"},
        Row{{"hostnamectl set-hostname x"}, "sysctl vm.swappiness", "machine"}));

INSTANTIATE_TEST_SUITE_P(
    PacketFilter, Pending,
    testing::Values(
        Row{{"iptables -A INPUT -p tcp --dport 80 -j ACCEPT"},
            "iptables -C INPUT -p tcp --dport 80 -j ACCEPT",
            "0 "},
        Row{{"iptables -A INPUT -s 10.0.0.1 -p tcp --dport 80 -j ACCEPT"},
            "iptables -C INPUT -p tcp -m tcp --destination-port 80 -s 10.0.0.1/32 -j ACCEPT",
            "0 "},
        Row{{"iptables -w 5 -I INPUT 3 -p tcp --dport 80 -j ACCEPT"},
            "iptables -C INPUT -p tcp --dport 80 -j ACCEPT",
            "0 "},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -C INPUT ! -i lo -j DROP", "machine"},
        Row{{"iptables -A INPUT -i lo -j DROP"}, "iptables -C INPUT ! -i lo -j DROP", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -C OUTPUT -j DROP", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -t mangle -C INPUT -j DROP", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "ip6tables -C INPUT -j DROP", "machine"},
        Row{{"iptables -A INPUT -m comment --comment '--x y' -j DROP"},
            "iptables -C INPUT -m comment --comment '--x y' -j DROP",
            "0 "},
        Row{{"iptables -A INPUT -m comment --comment a -j DROP"},
            "iptables -C INPUT -m comment --comment b -j DROP",
            "machine"},
        Row{{"iptables -A INPUT -p tcp --dport ssh -j DROP"},
            "iptables -C INPUT -p 6 --dport 22 -j DROP",
            "0 "},
        Row{{"iptables -A INPUT -p tcp --dport 1024: -j DROP"},
            "iptables -C INPUT -p TCP --dport 1024:65535 -j DROP",
            "0 "},
        Row{{"iptables -A INPUT -s 10.1.2.3/24 -j DROP"},
            "iptables -C INPUT -s 10.1.2.0/255.255.255.0 -j DROP",
            "0 "},
        Row{{"iptables -A INPUT -s 10.1.2.0/24 -j DROP"},
            "iptables -C INPUT -s 10.1.3.0/24 -j DROP",
            "machine"},
        Row{{"ip6tables -A INPUT -s 2001:DB8::1 -j DROP"},
            "ip6tables -C INPUT -s 2001:db8:0::1/128 -j DROP",
            "0 "},
        Row{{"iptables -A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT"},
            "iptables -C INPUT -m conntrack --ctstate ESTABLISHED,NEW -j ACCEPT",
            "0 "},
        Row{{"iptables -A INPUT -s host.example -j DROP"},
            "iptables -C INPUT -s 10.1.2.3 -j DROP",
            "refused"},
        Row{{"iptables -A INPUT -p tcp --dport no-such-service -j DROP"},
            "iptables -C INPUT -p tcp --dport 22 -j DROP",
            "refused"},
        Row{{"iptables -A INPUT -m limit --limit 5/m -j DROP"},
            "iptables -C INPUT -m limit --limit 5/minute -j DROP",
            "refused"},
        Row{{"iptables -A INPUT -p tcp --dport 22 -j DROP"},
            "iptables -C INPUT -p udp --dport 22 -j DROP",
            "machine"},
        Row{{"iptables -A INPUT -m socket -j DROP"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables -D INPUT -j DROP"}, "iptables -C INPUT -j DROP", "1 "},
        Row{{"iptables -A INPUT -j DROP", "iptables -D INPUT -j DROP"},
            "iptables -C INPUT -j DROP",
            "machine"},
        Row{{"iptables -D INPUT -j DROP", "iptables -A INPUT -j DROP"}, "iptables -C INPUT -j DROP", "0 "},
        Row{{"iptables -F INPUT"}, "iptables -C INPUT -j DROP", "1 "},
        Row{{"iptables -F"}, "iptables -C INPUT -j DROP", "1 "},
        Row{{"iptables -F OUTPUT"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables -t nat -F"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables -A INPUT -j DROP", "iptables -F"}, "iptables -C INPUT -j DROP", "1 "},
        Row{{"iptables -F", "iptables -A INPUT -j DROP"}, "iptables -C INPUT -j DROP", "0 "},
        Row{{"iptables -D INPUT 3"}, "iptables -C INPUT -j DROP", "refused"},
        Row{{"iptables -D OUTPUT 3"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables -R INPUT 1 -j DROP"}, "iptables -C INPUT -j DROP", "0 "},
        Row{{"iptables -R INPUT 1 -j ACCEPT"}, "iptables -C INPUT -j DROP", "refused"},
        // A chain that is there already stays as it is, and the command fails.
        Row{{"iptables -N MINE"}, "iptables -C MINE -j DROP", "machine"},
        Row{{"iptables -N MINE"}, "iptables -C INPUT -j MINE", "machine"},
        Row{{"iptables -X"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables -E A B"}, "iptables -C B -j DROP", "refused"},
        Row{{"iptables -P INPUT DROP"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables-restore"}, "iptables -C INPUT -j DROP", "refused"},
        Row{{"iptables-restore --test"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"ip6tables-restore"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables-restore", "iptables -A INPUT -j DROP"}, "iptables -C INPUT -j DROP", "0 "},
        Row{{"ufw allow 80"}, "iptables -C INPUT -j DROP", "refused"},
        Row{{"systemctl restart nftables"}, "iptables -C INPUT -j DROP", "refused"},
        Row{{"systemctl restart cron"}, "iptables -C INPUT -j DROP", "machine"},
        Row{{"iptables-legacy -A INPUT -j DROP"}, "iptables -C INPUT -j DROP", "refused"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -L -n", "refused"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -S", "refused"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -S INPUT", "refused"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -S OUTPUT", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables -t nat -S", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables-save", "refused"},
        Row{{"iptables -A INPUT -j DROP"}, "iptables-save -t nat", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "ip6tables-save", "machine"},
        Row{{"iptables -A INPUT -j DROP"}, "nft list ruleset", "refused"},
        Row{{"nft -f /etc/nftables.conf"}, "nft list ruleset", "refused"},
        Row{{"nft -c -f /etc/nftables.conf"}, "nft list ruleset", "machine"},
        Row{{"systemctl reload nftables"}, "nft list ruleset", "refused"},
        Row{{"ufw allow 80"}, "ufw status", "refused"}, Row{{"ufw allow 80"}, "ufw app list", "machine"},
        Row{{"firewall-cmd --add-service=http"}, "firewall-cmd --query-service=http", "refused"},
        Row{{"firewall-cmd --zone=public --add-service=http"},
            "firewall-cmd --zone=public --query-service=https",
            "machine"},
        Row{{"firewall-cmd --add-service=http"}, "firewall-cmd --list-all", "refused"},
        Row{{"firewall-cmd --reload"}, "firewall-cmd --query-service=http", "refused"},
        Row{{"firewall-cmd --add-service=http"}, "firewall-cmd --state", "machine"},
        Row{{"systemctl start firewalld"}, "firewall-cmd --state", "refused"},
        Row{{"ipset create a hash:ip"}, "ipset list a", "refused"},
        Row{{"ipset create a hash:ip"}, "ipset list b", "machine"},
        Row{{"ipset create a hash:ip"}, "ipset list", "refused"}));

INSTANTIATE_TEST_SUITE_P(
    Network, Pending,
    testing::Values(
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip addr show dev eth1", "refused"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip -4 -o a s eth1", "refused"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip addr show dev eth0 scope global", "machine"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip addr", "refused"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip addr show up", "refused"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip link", "machine"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip route show", "refused"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip rule", "machine"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "ip -V", "machine"},
        Row{{"ip addr add 192.0.2.1/24 dev eth1"}, "hostname -I", "refused"},
        Row{{"ip addr flush scope global"}, "ip addr show dev eth0", "refused"},
        Row{{"ip link set eth1 up"}, "ip link show lo", "machine"},
        Row{{"ip link set eth1 up"}, "ip link show eth1", "refused"},
        Row{{"ip link set group 5 down"}, "ip link show eth1", "refused"},
        Row{{"ip link set eth1 up"}, "ip addr show eth1", "refused"},
        Row{{"ip link set eth1 up"}, "ip route", "refused"},
        Row{{"ip link set eth1 master br0"}, "ip link show br0", "refused"},
        Row{{"ip -n other link set eth1 up"}, "ip link show eth1", "machine"},
        Row{{"ip route replace default via 192.0.2.1"}, "ip route get 1.1.1.1", "refused"},
        Row{{"ip route replace default via 192.0.2.1"}, "ip addr", "machine"},
        Row{{"ip rule add from 192.0.2.1 table 5"}, "ip rule", "refused"},
        Row{{"ip rule add from 192.0.2.1 table 5"}, "ip route", "machine"},
        Row{{"ip neigh add 192.0.2.1 lladdr 2:0:0:0:0:1 dev eth1"}, "ip neigh", "refused"},
        Row{{"ip netns add x"}, "ip netns list", "refused"}, Row{{"ip netns add x"}, "ip addr", "machine"},
        Row{{"ip -b /etc/f"}, "ip rule", "refused"}, Row{{"ifup eth1"}, "ip addr", "refused"},
        Row{{"systemctl restart networking"}, "ip route", "refused"},
        Row{{"tc qdisc add dev eth1 root fq"}, "tc qdisc", "refused"},
        Row{{"tc qdisc add dev eth1 root fq"}, "ip link", "machine"},
        Row{{"bridge vlan add dev eth1 vid 5"}, "bridge vlan show", "refused"},
        Row{{"nmcli con add con-name wan type dummy"}, "nmcli con show wan", "refused"},
        Row{{"nmcli con modify a ipv4.method auto"}, "nmcli con show b", "machine"},
        Row{{"nmcli con modify a ipv4.method auto"}, "nmcli con show", "refused"},
        Row{{"nmcli con up a"}, "ip route", "refused"},
        Row{{"nmcli con modify a ipv4.method auto"}, "ip route", "machine"},
        Row{{"resolvectl dns eth0 192.0.2.1"}, "resolvectl dns", "refused"},
        Row{{"ethtool -K eth0 gro off"}, "ethtool -k eth0", "refused"},
        Row{{"ethtool -K eth0 gro off"}, "ethtool -k eth1", "machine"},
        Row{{"route add default gw 192.0.2.1"}, "route -n", "refused"}));

INSTANTIATE_TEST_SUITE_P(
    Machine, Pending,
    testing::Values(
        Row{{"hostnamectl set-hostname other"}, "hostname", "0 other\n"},
        Row{{"hostnamectl set-hostname other.example"}, "hostname -s", "0 other\n"},
        Row{{"hostnamectl set-hostname other"}, "hostnamectl --static", "0 other\n"},
        Row{{"hostnamectl set-hostname other"}, "hostnamectl hostname", "0 other\n"},
        Row{{"hostnamectl --pretty set-hostname other"}, "hostname", "refused"},
        Row{{"hostnamectl set-hostname 'An Other'"}, "hostname", "refused"},
        Row{{"hostnamectl set-hostname other"}, "hostname -f", "refused"},
        Row{{"hostnamectl set-hostname other"}, "hostnamectl", "refused"},
        Row{{"hostname other"}, "hostname", "0 other\n"},
        Row{{"hostname other"}, "hostnamectl --static", "refused"},
        Row{{"hostnamectl set-chassis server"}, "hostname", "machine"},
        Row{{"hostnamectl set-chassis server"}, "hostnamectl status", "refused"},
        Row{{"timedatectl set-timezone Europe/Berlin"}, "timedatectl show -p Timezone", "refused"},
        Row{{"timedatectl set-timezone Europe/Berlin"}, "timedatectl list-timezones", "machine"},
        Row{{"localectl set-locale LANG=C.UTF-8"}, "localectl", "refused"},
        Row{{"localectl set-locale LANG=C.UTF-8"}, "localectl list-locales", "machine"},
        Row{{"loginctl enable-linger u"}, "loginctl show-user u", "refused"},
        Row{{"modprobe dummy"}, "lsmod", "refused"}, Row{{"modprobe dummy"}, "modprobe -n dummy", "machine"},
        Row{{"udevadm trigger"}, "udevadm info /dev/null", "refused"},
        Row{{"udevadm trigger"}, "blkid", "machine"},
        Row{{"udevadm settle"}, "udevadm info /dev/null", "machine"},
        Row{{"mount /dev/sdb1 /data"}, "mountpoint -q /data", "0 "},
        Row{{"mount /dev/sdb1 /data"}, "mountpoint /data/", "0 /data/ is a mountpoint\n"},
        Row{{"mount /dev/sdb1 /data"}, "mountpoint -d /data", "refused"},
        Row{{"mount /dev/sdb1 /data", "umount /data"}, "mountpoint /data", "refused"},
        Row{{"mount -f /dev/sdb1 /data"}, "mountpoint /data", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "mountpoint /data/x", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "mountpoint /database", "machine"},
        Row{{"mount /dev/sdb1 /data"}, "findmnt -no SOURCE /", "machine"},
        Row{{"mount /dev/sdb1 /data"}, "findmnt -n -o SOURCE --target /etc", "machine"},
        Row{{"mount /dev/sdb1 /data"}, "findmnt -n --target /data/x/y", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "findmnt /dev/sdb1", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "findmnt", "refused"}, Row{{"mount -a"}, "findmnt /", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "mount", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "grub-probe -t device /", "machine"},
        Row{{"mount /dev/sdb1 /data"}, "lsblk", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "lsblk -o NAME,mountpoint", "refused"},
        Row{{"mount /dev/sdb1 /data"}, "lsblk -no UUID /dev/sda1", "machine"},
        Row{{"mount /dev/sdb1 /data"}, "blkid -s UUID -o value /dev/sdb1", "machine"},
        Row{{"systemctl start data.mount"}, "findmnt /data", "refused"},
        Row{{"swapon /swapfile"}, "swapon --show", "refused"},
        Row{{"swapon /swapfile"}, "findmnt /", "machine"},
        Row{{"partprobe /dev/sda"}, "lsblk -no NAME", "refused"},
        Row{{"exportfs -ra"}, "exportfs -s", "refused"}));

INSTANTIATE_TEST_SUITE_P(
    Containers, Pending,
    testing::Values(
        Row{{"docker run -d --name web nginx"}, "docker ps", "refused"},
        Row{{"docker run -d --name web nginx"}, "docker inspect web", "refused"},
        Row{{"docker run -d --name web nginx"}, "docker container inspect db", "machine"},
        Row{{"docker run -d --name web nginx"}, "docker ps -q -f name=^/db$", "machine"},
        Row{{"docker run -d --name web nginx"}, "docker ps -q --filter name=web", "refused"},
        Row{{"docker run -d --name web nginx"}, "docker ps -q --filter status=running", "refused"},
        Row{{"docker run -d --name web nginx"}, "docker network inspect net", "machine"},
        Row{{"docker run -d --name web nginx"}, "docker version", "machine"},
        Row{{"docker stop 0123456789ab"}, "docker inspect web", "refused"},
        Row{{"docker pull nginx"}, "docker image inspect nginx:latest", "refused"},
        Row{{"docker pull nginx:latest"}, "docker image inspect redis:latest", "machine"},
        Row{{"docker build -t x ."}, "docker image inspect redis", "refused"},
        Row{{"docker network create net"}, "docker network inspect net", "refused"},
        Row{{"docker network create net"}, "docker network inspect other", "machine"},
        Row{{"docker network prune -f"}, "docker network inspect other", "refused"},
        Row{{"docker compose up -d"}, "docker inspect web", "refused"},
        Row{{"podman run -d --name web nginx"}, "podman container exists web", "refused"},
        Row{{"podman run -d --name web nginx"}, "podman container exists db", "machine"},
        Row{{"systemctl restart docker"}, "docker ps", "refused"}));

TEST(PendingState, SaysWhichActionItIs) {
    PendingState state;
    ask_for(state, "sysctl -w vm.swappiness=10");
    ask_for(state, "iptables -A INPUT -j DROP");
    ask_for(state, "ip link set eth0 up");
    EXPECT_THAT(state.answer(question_of("iptables -S"))->refusal, HasSubstr("'iptables -A INPUT -j DROP'"));
    EXPECT_THAT(state.answer(question_of("sysctl -a"))->refusal, HasSubstr("'sysctl -w vm.swappiness=10'"));
}

TEST(PendingState, OfARuleThatIsGoneSaysWhatIptablesSays) {
    PendingState state;
    ask_for(state, "ip6tables -D INPUT -j DROP");
    const auto answer = state.answer(question_of("ip6tables -C INPUT -j DROP"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, "ip6tables: Bad rule (does a matching rule exist in that chain?).\n");
}

TEST(Settings, AreCoupledAsTheKernelCouplesThem) {
    EXPECT_TRUE(is_coupled("net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/eth0/disable_ipv6"));
    EXPECT_FALSE(is_coupled("net/ipv6/conf/eth0/disable_ipv6", "net/ipv6/conf/all/disable_ipv6"));
    EXPECT_FALSE(is_coupled("net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/eth0/accept_ra"));
    EXPECT_TRUE(is_coupled("net/ipv4/conf/all/forwarding", "net/ipv4/ip_forward"));
    EXPECT_FALSE(is_coupled("net/ipv4/conf/all/rp_filter", "net/ipv4/conf/eth0/rp_filter"));
    EXPECT_TRUE(is_coupled("vm/dirty_bytes", "vm/dirty_ratio"));
    EXPECT_FALSE(is_coupled("vm/swappiness", "vm/dirty_ratio"));
}

} // namespace
} // namespace disco::border
