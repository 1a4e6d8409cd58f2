// What becomes of guarded commands, by the tables that are shipped.

#include "policy/guarded_commands.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/build_tree.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

using testing::HasSubstr;

const GuardedCommands& shipped() {
    static const GuardedCommands commands = load_guarded_commands(tests::data_directory(), "/nonexistent");
    return commands;
}

struct Row {
    const char* line;
    GuardKind kind;
};
class Guarded : public testing::TestWithParam<Row> {};
TEST_P(Guarded, IsClassified) {
    const auto argv = sys::split_words(GetParam().line);
    ASSERT_TRUE(shipped().contains(argv[0]));
    EXPECT_STREQ(to_string(shipped().classify(argv).kind), to_string(GetParam().kind)) << GetParam().line;
}
using enum GuardKind;
INSTANTIATE_TEST_SUITE_P(
    Tables, Guarded,
    testing::Values(
        Row{"systemctl is-active nginx", query}, Row{"systemctl --quiet is-active nginx", query},
        Row{"systemctl show -p ActiveState nginx", query}, Row{"systemctl", query},
        Row{"systemctl --version", query}, Row{"systemctl status", query},
        Row{"systemctl restart nginx", action}, Row{"systemctl --now enable nginx", action},
        Row{"systemctl daemon-reload", action},
        // Options that are not listed might make more of a query than one.
        Row{"systemctl --root=/x is-enabled nginx", action}, Row{"systemctl --host=h status", action},
        Row{"systemctl is-active -- nginx", query}, Row{"service nginx status", query},
        Row{"service nginx reload", action}, Row{"service ../../srv/x status", action},
        Row{"invoke-rc.d /srv/x status", action}, Row{"service --status-all", query},
        Row{"service status start", action}, Row{"invoke-rc.d nginx status", query},
        Row{"invoke-rc.d nginx start", action}, Row{"deb-systemd-invoke restart x.service", action},
        Row{"rc-service x status", query}, Row{"rc-service x restart", action}, Row{"initctl list", query},
        Row{"initctl start x", action}, Row{"telinit 6", action}, Row{"init 0", action},
        Row{"reboot", action}, Row{"shutdown -h now", action}, Row{"halt", action}, Row{"poweroff", action},
        Row{"sysctl -n net.ipv4.ip_forward", query}, Row{"sysctl -a", query},
        Row{"sysctl net.ipv4.ip_forward=1", action}, Row{"sysctl kernel/../../../etc/shadow", action},
        Row{"sysctl -n a b=1", action}, Row{"sysctl -w net.ipv4.ip_forward=1", action},
        Row{"sysctl -p", action}, Row{"sysctl --system", action}, Row{"modprobe -n x", query},
        Row{"modprobe x", action}, Row{"modprobe -v x", action}, Row{"insmod x.ko", action},
        Row{"rmmod x", action}, Row{"mount", query}, Row{"mount -l", query}, Row{"mount /mnt", action},
        Row{"mount -a", action}, Row{"umount /mnt", action}, Row{"swapon --show", query},
        Row{"swapon -s", query}, Row{"swapon -a", action}, Row{"swapon /swap", action},
        Row{"hostnamectl", query}, Row{"hostnamectl set-hostname x", action}, Row{"timedatectl show", query},
        Row{"timedatectl set-ntp true", action}, Row{"localectl set-locale LANG=C", action},
        Row{"loginctl list-sessions", query}, Row{"loginctl terminate-user x", action},
        Row{"udevadm info /dev/sda", query}, Row{"udevadm trigger", action}, Row{"ip addr", query},
        Row{"ip -br addr show dev eth0", query}, Row{"ip route get 192.0.2.1", query},
        Row{"ip link set eth0 up", action}, Row{"ip -batch /tmp/x", action},
        Row{"ip netns exec x sh", action}, Row{"iptables -L -n", query}, Row{"iptables -t nat -S", query},
        Row{"iptables -A INPUT -j DROP", action}, Row{"iptables -n -F", action},
        Row{"nft list ruleset", query}, Row{"nft -f /etc/nftables.conf", action},
        Row{"ufw status verbose", query}, Row{"ufw allow 22", action}, Row{"firewall-cmd --state", query},
        Row{"firewall-cmd --reload", action}, Row{"firewall-cmd --list-all --zone=public", query},
        Row{"crontab -e", refuse}, Row{"crontab -u root -e", refuse}, Row{"crontab -l", run},
        Row{"crontab /tmp/x", run}, Row{"at now", refuse}, Row{"wall hello", action}, Row{"kill -HUP 5", run},
        Row{"pkill nginx", action}, Row{"killall nginx", action}, Row{"docker ps -a", query},
        Row{"docker run x", action}, Row{"podman exec x sh", action}));

TEST(GuardedTables, KnowTheirPathlessName) {
    EXPECT_FALSE(shipped().contains("ls"));
    EXPECT_EQ(shipped().classify({"/bin/systemctl", "is-active", "x"}).kind, GuardKind::query);
    EXPECT_THAT(shipped().classify({"systemctl", "is-active", "x"}).rule->place,
                HasSubstr("guarded.d/services:"));
}

std::string objection(const char* text) {
    try {
        static_cast<void>(parse_guard_rules(text, "/p/own"));
    } catch (const sys::BadConfiguration& error) {
        return error.full_text();
    }
    return "none";
}

TEST(GuardedTables, AreRefusedWithFileAndLine) {
    EXPECT_THAT(objection("# fine\nquerry systemctl"), HasSubstr("/p/own:2: 'querry' is no kind of command"));
    EXPECT_THAT(objection("query"), HasSubstr("/p/own:1: the command is missing"));
    EXPECT_THAT(objection("query /bin/ip"), HasSubstr("/p/own:1: '/bin/ip' is not the plain name"));
    EXPECT_THAT(objection("query ip [-4 addr"), HasSubstr("/p/own:1: the list of options has no ']'"));
    EXPECT_THAT(objection("query ip ... addr"), HasSubstr("/p/own:1: nothing can come after '...'"));
    EXPECT_THAT(objection("query ip 'addr"), HasSubstr("/p/own:1"));
    EXPECT_EQ(objection("\n# only a comment\n"), "none");
}

} // namespace
} // namespace disco::policy
