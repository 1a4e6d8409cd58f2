// Questions about what an earlier action of the same run changes: answered as natively, where the action has
// been done by then, or refused.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class BootedPending : public BootedTest {
protected:
    void SetUp() override {
        BootedTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        prepare_both(
            "apt-get install -y iptables nftables; iptables -F; ip6tables -F; sysctl -qw "
            "net.ipv4.ip_forward=0 net.ipv4.tcp_sack=1; hostname booted; rm -f /etc/sysctl.d/50-test.conf");
    }
    /// Lines that act and then ask tell the same natively, and in a run that acts after the merge.
    static void expect_same_told(const std::string& lines) {
        const std::string natively = answer(Machine::native, lines);
        const auto result = exec({"--merge"}, lines);
        EXPECT_EQ(result.exit, 0) << lines << "\n" << result.output << result.error;
        EXPECT_EQ(printed(), natively) << lines;
    }
    /// After `action` the question is refused, and why is told; nothing happens.
    static void expect_refused(const std::string& action, const std::string& question) {
        const auto result =
            exec({"--noop"},
                 action + "; " + question + " > /root/answer; echo $?; cat /root/answer; rm /root/answer");
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_THAT(printed(), HasSubstr("\n69\n")) << question;
        EXPECT_THAT(notices(), AllOf(HasSubstr("refused: " + question), HasSubstr("ask in a check")))
            << question;
    }
};

TEST_F(BootedPending, SettingsAreAnsweredAsTheyWillBe) {
    expect_same_told(
        "sysctl -qw net.ipv4.ip_forward=1; sysctl net.ipv4.ip_forward; sysctl -n net/ipv4/ip_forward; "
        "sysctl -n net.ipv4.tcp_syncookies; "
        "sysctl -qw net.ipv4.tcp_rmem='4096  87380 6291456'; sysctl -n net.ipv4.tcp_rmem");
    EXPECT_EQ(expect_same("sysctl -n net.ipv4.ip_forward"), "1\n");
    for (const char* question : {"sysctl -a", "sysctl -n net.ipv4.conf.all.forwarding",
                                 "sysctl net.ipv4.ip_forward net.ipv4.tcp_syncookies"})
        expect_refused("sysctl -qw net.ipv4.ip_forward=0", question);
}

TEST_F(BootedPending, SettingsOfFilesAreAnsweredAsTheyWillBe) {
    const std::string load = "echo 'net.ipv4.tcp_sack = 0' > /etc/sysctl.d/50-test.conf; ";
    expect_same_told(load +
                     "sysctl -q -p /etc/sysctl.d/50-test.conf; sysctl net.ipv4.tcp_sack net.ipv4.tcp_sack");
    EXPECT_EQ(expect_same("sysctl -n net.ipv4.tcp_sack"), "0\n");
    // What a container may not set is left out.
    prepare_both("ln -sf /dev/null /etc/sysctl.d/50-pid-max.conf; ln -sf /dev/null "
                 "/etc/sysctl.d/99-protect-links.conf");
    const auto again = exec({"--noop", "--detailed-exitcode"}, "sysctl --system");
    EXPECT_EQ(again.exit, 0) << "all of them are in force\n" << again.output << again.error;
    EXPECT_THAT(actions(), IsEmpty());
    prepare_both("sysctl -qw net.ipv4.tcp_sack=1");
    EXPECT_EQ(answer_in_noop("sysctl --system > /dev/null 2>&1; sysctl -n net.ipv4.tcp_sack"), "0\n");
    EXPECT_THAT(actions(), ElementsAre("pending sysctl --system"));
    expect_refused("systemctl restart systemd-sysctl", "sysctl net.ipv4.tcp_sack");
}

TEST_F(BootedPending, RulesAreAnsweredAsTheyWillBe) {
    const std::string a = "INPUT -p tcp --dport 8080 -j DROP", b = "INPUT -s 192.0.2.1 -j DROP";
    const auto check = [](const std::string& rule) { return "iptables -C " + rule + " 2>&1; echo $?; "; };
    expect_same_told(check(a) + "iptables -A " + a + "; " + check(a) + check(b) +
                     check("INPUT -p tcp -m tcp --dport 8080 -j DROP"));
    expect_same_told("iptables -D " + a + "; " + check(a) + "iptables -I " + b + "; " + check(b) + check(a));
    EXPECT_EQ(expect_same("iptables -S INPUT 2>/dev/null"),
              "-P INPUT ACCEPT\n-A INPUT -s 192.0.2.1/32 -j DROP\n");
    expect_same_told("iptables -A " + a + "; iptables -F INPUT; " + check(a) + check(b) + "iptables -A " + a +
                     "; " + check(a));
    expect_same_told("iptables -N MINE; " + check("MINE -j DROP") + "iptables -A MINE -j DROP; " +
                     check("MINE -j DROP") + "iptables -F MINE; iptables -X MINE; " + check("MINE -j DROP"));
    expect_same_told("ip6tables -A INPUT -j DROP; " + check("INPUT -j DROP") +
                     "iptables -S INPUT 2>/dev/null; ip6tables -C INPUT -j DROP");
    // Counters of packets are each machine's own.
    expect_same("for save in iptables-save ip6tables-save; do $save 2>/dev/null | sed '/^#/d; s/ "
                ".[0-9]*:[0-9]*.$//'; done");
}

TEST_F(BootedPending, ARuleThatIsAskedForTwiceIsAddedOnce) {
    const std::string line =
        "iptables -C INPUT -p tcp --dport 8090 -j DROP || iptables -A INPUT -p tcp --dport 8090 -j DROP\n";
    do_on_both(line + line);
    EXPECT_EQ(expect_same("iptables -S INPUT 2>/dev/null | grep -c 8090"), "1\n");
    script("a", "10-rule.sh", "#!/bin/bash\n" + line);
    script("b", "10-rule.sh", "#!/bin/bash\n" + line);
    prepare_both("iptables -F");
    const auto result = dance({"--noop"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), testing::SizeIs(1)) << "by the second module, too";
}

TEST_F(BootedPending, ActionsThatFailAsTheRulesAreFailAtOnce) {
    const auto tried = [](const std::string& words) { return "iptables " + words + " 2>&1; echo $?; "; };
    const std::string rule = "INPUT -p tcp --dport 8070 -j DROP";
    expect_same_told(tried("-F MINE") + tried("-X MINE") + tried("-N MINE") + tried("-N MINE") +
                     tried("-X MINE") + tried("-X MINE") + tried("-N MINE") + tried("-D " + rule) +
                     tried("-A " + rule));
    EXPECT_THAT(actions(), testing::SizeIs(4));
    expect_same("iptables -S 2>/dev/null");
    const std::string idioms = "iptables -N MINE 2> /dev/null || true; while iptables -D " + rule +
                               " 2> /dev/null; do echo again; done; ";
    expect_same_told(idioms + tried("-C " + rule));
    expect_same("iptables -S 2>/dev/null");
    const auto converged = exec({"--noop", "--detailed-exitcode"}, idioms);
    EXPECT_EQ(converged.exit, 0) << converged.output << converged.error;
    EXPECT_THAT(actions(), IsEmpty());
    prepare_both("iptables -X MINE");
}

TEST_F(BootedPending, ListsOfWhatIsChangedAreRefused) {
    const std::string rule = "iptables -A INPUT -j ACCEPT";
    for (const char* question : {"iptables -S", "iptables -L -n", "iptables-save", "nft list ruleset"})
        expect_refused(rule, question);
    EXPECT_EQ(answer_in_noop(rule + " 2>/dev/null; iptables -t nat -S POSTROUTING; ip6tables -S INPUT"),
              "-P POSTROUTING ACCEPT\n-P INPUT ACCEPT\n");
    expect_refused("nft -f /etc/nftables.conf", "nft list ruleset");
    expect_refused("nft -f /etc/nftables.conf", "iptables -C INPUT -j ACCEPT");
    expect_refused("echo > /root/rules; iptables-restore /root/rules", "iptables -C INPUT -j ACCEPT");
    expect_refused("systemctl restart nftables", "nft list ruleset");
    expect_refused("ip addr add 192.0.2.1/24 dev lo", "ip addr show dev lo");
    expect_refused("ip addr add 192.0.2.1/24 dev lo", "ip route show");
    expect_refused("ip link add x0 type dummy", "ip link");
    expect_refused("ip rule add from 192.0.2.1 table 5", "ip rule");
    expect_refused("hostnamectl set-hostname other", "hostnamectl status");
    expect_refused("timedatectl set-timezone Europe/Berlin", "timedatectl show");
    expect_refused("loginctl enable-linger root", "loginctl list-users");
    expect_refused("modprobe dummy", "lsmod");
    expect_refused("mount -t tmpfs none /srv", "mount");
    expect_refused("mount -t tmpfs none /srv", "findmnt /srv/x");
    expect_refused("udevadm trigger", "udevadm info /sys/class/net/lo");
    expect_refused("systemctl restart dbus", "systemctl list-units");
    expect_refused("systemctl restart dbus", "pidof dbus-daemon");
    expect_refused("systemctl restart dbus", "ss -tln");
}

TEST_F(BootedPending, WhatIsNotChangedIsAskedOfTheMachine) {
    const std::string actions =
        "(ip addr add 192.0.2.1/24 dev x0; sysctl -w net.ipv4.ip_forward=1; iptables -A INPUT -j "
        "ACCEPT; systemctl restart cron; mount -t tmpfs none /srv; modprobe dummy; hostnamectl "
        "set-chassis server) > /dev/null 2>&1; ";
    for (const char* question :
         {"ip addr show lo", "ip link show lo", "ip rule", "ip -V", "sysctl -n kernel.ostype",
          "iptables -t mangle -S 2>/dev/null", "ip6tables -S 2>/dev/null", "systemctl is-active dbus",
          "systemctl show -p MainPID dbus", "pidof dbus-daemon", "findmnt -no FSTYPE /",
          "mountpoint /etc; echo $?", "hostname", "swapon --show", "timedatectl list-timezones | head -n 3"})
        EXPECT_EQ(answer_in_noop(actions + question), answer(Machine::disco, question)) << question;
}

TEST_F(BootedPending, TheNameOfTheMachineIsWhatItWillBe) {
    expect_same_told("hostnamectl set-hostname other; hostname; hostname -s; hostnamectl --static");
    EXPECT_EQ(expect_same("hostname; cat /etc/hostname"), "other\nother\n");
    prepare_both("hostnamectl set-hostname booted");
}

TEST_F(BootedPending, AMountIsThere) {
    prepare_both("mkdir -p /media/pending");
    expect_same_told(
        "mountpoint /media/pending; mount -t tmpfs none /media/pending; "
        "mountpoint /media/pending; mountpoint -q /media/pending || mount -t tmpfs none /media/pending; "
        "mountpoint -q /etc; echo $?");
    EXPECT_EQ(expect_same("grep -c /media/pending /proc/mounts"), "1\n");
    prepare_both("umount /media/pending");
}

TEST_F(BootedPending, UnitsOfTheRunAreShownAsTheyWillBe) {
    const std::string put =
        "mkdir -p /etc/systemd/system/dbus.service.d; "
        "printf '[Unit]\\nDescription=New\\n[Service]\\nExecStart=/bin/sleep infinity\\n' > "
        "/etc/systemd/system/shown.service; "
        "printf '[Service]\\nNice=0' > /etc/systemd/system/dbus.service.d/50-shown.conf; ";
    expect_same_told(put +
                     "systemctl daemon-reload; systemctl cat shown dbus; systemctl is-active shown; echo $?; "
                     "systemctl is-failed shown; echo $?; systemctl show -p ActiveState -p SubState shown; "
                     "systemctl status shown > /dev/null; echo $?; systemctl show -P ActiveState dbus; "
                     "systemctl cat no-such-unit 2>&1; echo $?");
    expect_same_told("rm -r /etc/systemd/system/shown.service /etc/systemd/system/dbus.service.d; systemctl "
                     "daemon-reload; "
                     "systemctl cat shown 2>&1; echo $?; systemctl cat dbus");
    expect_refused(put + "true", "systemctl show -p LoadState shown");
    expect_refused(put + "systemctl daemon-reload", "systemctl show -p DropInPaths dbus");
    expect_refused(put + "systemctl daemon-reload", "systemctl status dbus");
    expect_refused(put + "systemctl start shown", "pidof sleep"); // by its ExecStart=
}

TEST_F(BootedPending, WhatATemplateAsksForIsNeverRun) {
    module_file(
        "m", "templates/etc/pending",
        "#!/bin/bash\nsystemctl start dbus-not-there > /dev/null\nsysctl -w vm.swappiness=99 > /dev/null\n"
        "sysctl -n vm.swappiness\n",
        0755);
    script("m", "10-ask.sh",
           "#!/bin/bash\nsystemctl is-active dbus-not-there\nsysctl -n vm.swappiness\ntrue\n");
    const auto result = dance({"--noop"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(printed(), "inactive\n" + answer(Machine::disco, "sysctl -n vm.swappiness"));
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(BootedPending, APassThatIsRepeatedLeavesNothing) {
    EXPECT_EQ(disco({"policy", "check", "--scripts", "--forget"}).exit, 0);
    script("m", "10-first.sh",
           "#!/bin/bash\nsysctl -n net.ipv4.ip_forward\nsysctl -qw net.ipv4.ip_forward=1\ncd /etc\n"
           "sysctl -n net.ipv4.ip_forward\n");
    const auto result = dance({"--noop"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(notices(), HasSubstr("cd: restricted"));
    EXPECT_THAT(printed(), AllOf(testing::StartsWith("0\n"), testing::EndsWith("1\n")));
    EXPECT_THAT(actions(), ElementsAre("pending sysctl -qw net.ipv4.ip_forward=1"));
}

} // namespace
} // namespace disco::tests
