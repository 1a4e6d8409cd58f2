// Actions on a running systemd: which are none as they are true already, and what comes before a restart.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BootedActions : public BootedTest {
protected:
    /// Two units that stay as they are put: one that is active, one that is not.
    void SetUp() override {
        BootedTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        prepare(Machine::disco,
                unit("is-up") + unit("is-down") +
                    "systemctl daemon-reload; systemctl start is-up; systemctl stop is-down\n");
    }
    static std::string unit(const std::string& name) {
        return "cat > /etc/systemd/system/" + name +
               ".service <<.\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n.\n";
    }
    static int pending(const std::string& lines) {
        return exec({"--noop", "--detailed-exitcode"}, lines).exit;
    }
};

TEST_F(BootedActions, ThatAreTrueAlreadyAreNone) {
    for (const char* lines : {"systemctl start is-up", "service is-up start", "systemctl stop is-down",
                              "systemctl try-restart is-down", "systemctl start is-up.service dbus",
                              "sysctl -w net.ipv4.ip_forward=$(sysctl -n net.ipv4.ip_forward)"}) {
        EXPECT_EQ(pending(lines), 0) << lines;
        EXPECT_THAT(actions(), IsEmpty()) << lines;
    }
}

TEST_F(BootedActions, SettingsOfAFileThatAreInForceAreNone) {
    const std::string file = "f=/etc/sysctl.d/50-forward.conf; v=$(sysctl -n net.ipv4.ip_forward); ";
    const auto result =
        exec({"--noop", "--detailed-exitcode"},
             file + "echo \"net.ipv4.ip_forward = $v\" > /root/f; sysctl -p /root/f; rm /root/f");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_EQ(
        pending(
            file +
            "echo \"net.ipv4.ip_forward = $((1 - v))\" > $f; cd /etc; sysctl -p sysctl.d/50-forward.conf"),
        2);
    EXPECT_EQ(actions().size(), 1U);
}

TEST_F(BootedActions, AReloadIsNoneWhereSystemdKnowsAllUnits) {
    EXPECT_EQ(pending("systemctl daemon-reload; systemctl start is-up"), 0);
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_EQ(pending("systemctl daemon-reload; disco-defer true"), 2);
    EXPECT_EQ(actions().size(), 2U) << "nobody knows what that would change";
    EXPECT_EQ(pending("echo '#' >> /etc/systemd/system/is-up.service; systemctl daemon-reload"), 2);
    EXPECT_THAT(actions(), ElementsAre("pending systemctl daemon-reload"));
    prepare(Machine::disco, "echo '#' >> /etc/systemd/system/is-up.service");
    EXPECT_EQ(pending("systemctl daemon-reload"), 2) << "somebody has changed a unit by hand";
    prepare(Machine::disco, "systemctl daemon-reload");
}

/// What a unit is now says nothing about what it will be after that.
TEST_F(BootedActions, AreNotTakenForTrueAfterWhatMayChangeThem) {
    const auto unit_file = [](const std::string& name, const std::string& text) {
        return "printf '" + text + "' > /etc/systemd/system/true-" + name + "\n";
    };
    const std::string service = "[Service]\\nExecStart=/bin/sleep 3153600";
    prepare_both(unit_file("main.service", "[Unit]\\nWants=true-wanted.service\\n" + service + "1\\n") +
                 unit_file("wanted.service", service + "2\\n") +
                 unit_file("part.service", "[Unit]\\nPartOf=true-group.target\\n" + service + "3\\n") +
                 unit_file("group.target", "[Unit]\\nDescription=x\\n") +
                 "mkdir -p /media/true; systemctl daemon-reload");
    const std::string states = "systemctl is-active true-main true-wanted true-part; "
                               "findmnt -no FSTYPE /media/true; sysctl -n net.ipv6.conf.lo.disable_ipv6";
    const auto same_after = [&](const std::string& before, const std::string& lines) {
        prepare_both("systemctl stop true-part true-group.target; systemctl start true-main true-wanted\n" +
                     before);
        do_on_both(lines);
        expect_same(states + " # after: " + lines);
    };
    same_after("", "pkill -f [s]leep.31536001; systemctl start true-main");
    same_after("systemctl stop true-wanted", "systemctl start true-main");
    same_after("systemctl start true-part", "systemctl stop true-group.target");
    same_after("mount -t tmpfs none /media/true", "umount /media/true; mount -t tmpfs none /media/true");
    same_after("umount /media/true; sysctl -qw net.ipv6.conf.all.disable_ipv6=1; sysctl -qw "
               "net.ipv6.conf.lo.disable_ipv6=0",
               "sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
    same_after("", "systemctl stop true-wanted; systemctl start true-main; systemctl stop true-wanted");
    prepare_both("sysctl -qw net.ipv6.conf.all.disable_ipv6=0; systemctl stop true-main true-wanted");
    // All of it is as it should be: no action.
    prepare_both("systemctl start true-main true-wanted");
    EXPECT_EQ(pending("systemctl start true-main; systemctl stop true-part; sysctl -qw "
                      "net.ipv6.conf.all.disable_ipv6=0"),
              0);
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(BootedActions, OnSettingsThatTheKernelHasNotAreStillAskedFor) {
    const auto result =
        run(Machine::disco,
            "unshare --mount bash -c 'mount -t tmpfs none /proc/sys/net/ipv6; disco exec --noop -- "
            "sysctl -w net.ipv6.conf.all.forwarding=1'");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), ElementsAre("pending sysctl -w net.ipv6.conf.all.forwarding=1"));
}

TEST_F(BootedActions, AReloadIsOneAfterSomebodyHasChangedWhatItReads) {
    prepare_both("systemctl daemon-reload; sleep 0.1");
    EXPECT_EQ(pending("systemctl daemon-reload"), 0);
    prepare(Machine::disco, "sleep 0.1; touch /etc/fstab");
    EXPECT_EQ(pending("systemctl daemon-reload"), 2);
    EXPECT_THAT(actions(), testing::ElementsAre("pending systemctl daemon-reload"));
    prepare(Machine::disco,
            "systemctl daemon-reload; sleep 0.1; mkdir -p /etc/systemd/system/cron.service.wants");
    EXPECT_EQ(pending("systemctl daemon-reload"), 2);
    prepare(Machine::disco,
            "rmdir /etc/systemd/system/cron.service.wants; sleep 0.1; systemctl daemon-reload");
    EXPECT_EQ(pending("systemctl daemon-reload"), 0);
}

TEST_F(BootedActions, ThatWouldChangeSomethingArePending) {
    for (const char* lines :
         {"systemctl start is-down", "systemctl start is-up is-down", "systemctl stop is-up",
          "systemctl restart is-up", "systemctl try-restart is-up",
          "sysctl -w net.ipv4.ip_forward=$((1 - $(sysctl -n net.ipv4.ip_forward)))"}) {
        EXPECT_EQ(pending(lines), 2) << lines;
        EXPECT_EQ(actions().size(), 1U) << lines;
    }
    EXPECT_EQ(pending("systemctl stop is-up; systemctl start is-up"), 2);
    EXPECT_THAT(actions(), ElementsAre("pending systemctl stop is-up", "pending systemctl start is-up"));
}

TEST_F(BootedActions, OfAStoppedServiceArePendingUntilItRuns) {
    script("m", "10-up.sh", "#!/bin/bash\nsystemctl is-active is-down || systemctl start is-down\n");
    EXPECT_EQ(dance({"--noop", "--detailed-exitcode"}).exit, 2);
    EXPECT_NE(last_report().at("fingerprint"), "");
    EXPECT_EQ(dance({"--detailed-exitcode"}).exit, 2);
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active is-down"), "active\n");
    EXPECT_EQ(dance({"--noop", "--detailed-exitcode"}).exit, 0);
    EXPECT_EQ(last_report().at("fingerprint"), "");
}

TEST_F(BootedActions, StopAfterStartIsNotDropped) {
    const auto result =
        exec({"--merge"}, "systemctl stop is-up; systemctl start is-up; systemctl stop is-up");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, testing::HasSubstr("3 actions done"));
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active is-up || true"), "inactive\n");
}

TEST_F(BootedActions, OfEnableNowStartWhatWasDelivered) {
    module_file("m", "files/etc/systemd/system/delivered.service",
                "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"
                "[Install]\nWantedBy=multi-user.target\n");
    script("m", "10-up.sh",
           "#!/bin/bash\nset -e\nsystemctl daemon-reload\nsystemctl enable --now delivered\n"
           "systemctl is-enabled delivered\n");
    const std::string link = "created /etc/systemd/system/multi-user.target.wants/delivered.service";
    const auto told = dance({"--noop", "--detailed-exitcode"});
    EXPECT_EQ(told.exit, 2) << told.output << told.error;
    EXPECT_THAT(changes(), testing::Contains(link));
    EXPECT_THAT(told.output, testing::HasSubstr("2 changes, 2 actions pending"));
    const auto result = dance();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(answer(Machine::disco, "systemctl is-enabled delivered; systemctl is-active delivered"),
              "enabled\nactive\n");
    EXPECT_EQ(disco({"rollback"}).exit, 0);
    EXPECT_EQ(
        answer(Machine::disco, "ls /etc/systemd/system/multi-user.target.wants | grep -c delivered || true"),
        "0\n");
    prepare(Machine::disco, "systemctl stop delivered; systemctl daemon-reload");
}

TEST_F(BootedActions, OnAChangedUnitComeAfterAReload) {
    module_file("m", "files/etc/systemd/system/is-up.service",
                "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/echo new\n");
    script("m", "10-up.sh", "#!/bin/bash\nsystemctl restart is-up\n");
    EXPECT_EQ(dance({"--noop"}).exit, 0);
    EXPECT_THAT(actions(), ElementsAre("pending systemctl daemon-reload", "pending systemctl restart is-up"));
    const auto result = dance();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), ElementsAre("done systemctl daemon-reload", "done systemctl restart is-up"));
    EXPECT_THAT(answer(Machine::disco, "systemctl show -p ExecStart is-up"), testing::HasSubstr("/bin/echo"));
    EXPECT_EQ(answer(Machine::disco, "systemctl show -P NeedDaemonReload is-up"), "no\n");
}

} // namespace
} // namespace disco::tests
