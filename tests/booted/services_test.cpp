// Services: packages that bring some, and the order in which lines start and stop them.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class BootedServices : public BootedTest {
protected:
    /// A unit, delivered by module `m`.
    void unit(const std::string& name) const {
        module_file("m", "files/etc/systemd/system/" + name + ".service",
                    "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n");
    }
    static std::string main_pid(Machine machine, const std::string& name) {
        return answer(machine, "systemctl show --property MainPID " + name);
    }
};

TEST_F(BootedServices, OfAPackageRunAfterItsInstallationAsNatively) {
    do_on_both("apt-get install -y redis-server");
    EXPECT_EQ(expect_same("systemctl is-active redis-server; systemctl is-enabled redis-server"),
              "active\nenabled\n");
    const auto again = exec({"--noop", "--detailed-exitcode"}, "apt-get install -y redis-server");
    EXPECT_EQ(again.exit, 0) << again.output << again.error;
}

TEST_F(BootedServices, OfAPackageAreRestartedWhenItIsInstalledAgain) {
    do_on_both("apt-get install -y rsyslog");
    EXPECT_EQ(expect_same("systemctl is-active rsyslog"), "active\n");
    const std::string native = main_pid(Machine::native, "rsyslog");
    const std::string disco = main_pid(Machine::disco, "rsyslog");
    do_on_both("apt-get install -y --reinstall rsyslog");
    EXPECT_NE(main_pid(Machine::native, "rsyslog"), native);
    EXPECT_NE(main_pid(Machine::disco, "rsyslog"), disco);
    EXPECT_EQ(expect_same("systemctl is-active rsyslog"), "active\n");
}

TEST_F(BootedServices, OfADataBaseAreOnline) {
    do_on_both("apt-get install -y postgresql");
    EXPECT_THAT(expect_same("pg_lsclusters | tr -s ' '"), HasSubstr("online"));
    EXPECT_EQ(expect_same("systemctl is-active postgresql postgresql@15-main"), "active\nactive\n");
    const auto again = exec({"--noop", "--detailed-exitcode"}, "apt-get install -y postgresql");
    EXPECT_EQ(again.exit, 0) << again.output << again.error;
}

TEST_F(BootedServices, ThatWereMaskedAreMaskedForTheScript) {
    unit("masked");
    script("m", "10-mask.sh",
           "#!/bin/bash\nmv /etc/systemd/system/masked.service /lib/systemd/system/\n"
           "systemctl mask masked; systemctl is-enabled masked; systemctl unmask masked; "
           "systemctl is-enabled masked; true\n");
    ASSERT_EQ(dance({"--noop"}).exit, 0);
    EXPECT_THAT(printed(),
                AllOf(HasSubstr("masked\n"), HasSubstr("disabled\n"), Not(HasSubstr("enabled\n"))));
}

TEST_F(BootedServices, FollowTheOrderOfTheLines) {
    prepare_both(
        "printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/ordered.service\n"
        "systemctl daemon-reload; systemctl start ordered");
    do_on_both("systemctl stop ordered; systemctl start ordered; systemctl stop ordered");
    EXPECT_EQ(expect_same("systemctl is-active ordered"), "inactive\nexit 3, signal 0\n");
    do_on_both("systemctl start ordered; systemctl stop ordered; systemctl start ordered");
    EXPECT_EQ(expect_same("systemctl is-active ordered"), "active\n");
    const auto asked = exec({"--merge"}, "set -e; systemctl stop ordered; ! systemctl is-active ordered; "
                                         "systemctl start ordered; systemctl is-active ordered");
    EXPECT_EQ(asked.exit, 0) << asked.output << asked.error;
    EXPECT_EQ(printed(), "inactive\nactive\n");
}

TEST_F(BootedServices, DeferredCommandsThatAreRepeatedAreAllRun) {
    prepare(Machine::disco, "mkdir -p /srv/deferred; echo a > /srv/deferred/a");
    const auto result =
        exec({"--merge"}, "cd /srv/deferred; disco-defer cp a x; disco-defer rm x; disco-defer cp a x");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(answer(Machine::disco, "cat /srv/deferred/x"), "a\n");
}

} // namespace
} // namespace disco::tests
