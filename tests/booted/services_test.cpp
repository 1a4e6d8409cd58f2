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

TEST_F(BootedServices, AreReplacedWhileTheyRunByAnActionOfTheirOwnScript) {
    const auto start = [](Machine machine) {
        return answer(machine, "systemctl show --property InvocationID nginx");
    };
    do_on_both("apt-get install -y nginx");
    EXPECT_EQ(expect_same("systemctl is-active nginx"), "active\n");
    const std::string native = start(Machine::native), disco = start(Machine::disco);
    const std::string native_process = main_pid(Machine::native, "nginx");
    const std::string disco_process = main_pid(Machine::disco, "nginx");
    do_on_both("apt-get install -y --reinstall nginx"); // invoke-rc.d nginx upgrade
    EXPECT_EQ(start(Machine::native), native) << "natively it is not restarted";
    EXPECT_EQ(start(Machine::disco), disco);
    EXPECT_EQ(main_pid(Machine::native, "nginx") != native_process,
              main_pid(Machine::disco, "nginx") != disco_process);
    EXPECT_EQ(notices(), "");
}

TEST_F(BootedServices, OfADataBaseAreOnline) {
    do_on_both("apt-get install -y postgresql");
    EXPECT_THAT(expect_same("pg_lsclusters | tr -s ' '"), HasSubstr("online"));
    EXPECT_EQ(expect_same("systemctl is-active postgresql postgresql@15-main"), "active\nactive\n");
    const auto again = exec({"--noop", "--detailed-exitcode"}, "apt-get install -y postgresql");
    EXPECT_EQ(again.exit, 0) << again.output << again.error;
}

// apache2 enables a service, starts it by this, and disables it: it runs. What is enabled later does not.
TEST_F(BootedServices, OfDebianAreStartedIfTheyAreEnabledWhenThatIsAskedFor) {
    do_on_both("for u in early late; do printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\n"
               "WantedBy=multi-user.target\\n' > /etc/systemd/system/$u.service; done\n"
               "systemctl daemon-reload; systemctl enable early\n"
               "deb-systemd-invoke start early.service; deb-systemd-invoke start late.service\n"
               "systemctl disable early; systemctl enable late");
    EXPECT_EQ(expect_same("systemctl is-active early late"), "active\ninactive\n");
    const std::string native = main_pid(Machine::native, "early");
    const std::string disco = main_pid(Machine::disco, "early");
    do_on_both("deb-systemd-invoke restart early.service; deb-systemd-invoke restart late.service");
    EXPECT_EQ(expect_same("systemctl is-active early late"), "active\nactive\n");
    EXPECT_NE(main_pid(Machine::native, "early"), native) << "one that runs is restarted, enabled or not";
    EXPECT_NE(main_pid(Machine::disco, "early"), disco);
    do_on_both("deb-systemd-invoke stop early.service late.service");
    EXPECT_EQ(expect_same("systemctl is-active early late"), "inactive\ninactive\nexit 3, signal 0\n");
}

// An installation that must not start anything, and a script of the old kind beside the unit.
TEST_F(BootedServices, OfDebianAreNotStartedWhereAPolicyDeniesIt) {
    const std::string deny =
        "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d\n";
    do_on_both(
        "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' "
        "> /etc/systemd/system/withunit.service\n"
        "printf '#!/bin/sh\\n### BEGIN INIT INFO\\n# Provides: byscript\\n# Required-Start:\\n"
        "# Required-Stop:\\n# Default-Start: 2 3 4 5\\n# Default-Stop: 0 1 6\\n# Short-Description: test\\n"
        "### END INIT INFO\\necho $1 >> /var/log/byscript\\n' > /etc/init.d/byscript\n"
        "chmod +x /etc/init.d/byscript; systemctl enable withunit; update-rc.d byscript defaults\n" +
        deny +
        "deb-systemd-invoke start withunit.service; invoke-rc.d --skip-systemd-native byscript start\n"
        "rm /usr/sbin/policy-rc.d");
    EXPECT_EQ(expect_same("systemctl is-active withunit byscript; cat /var/log/byscript 2>&1"),
              "inactive\ninactive\ncat: /var/log/byscript: No such file or directory\nexit 1, signal 0\n");
    do_on_both("invoke-rc.d --skip-systemd-native withunit start\n"
               "invoke-rc.d --skip-systemd-native byscript start; update-rc.d byscript remove");
    EXPECT_EQ(expect_same("systemctl is-active withunit byscript; cat /var/log/byscript"),
              "inactive\nactive\nstart\n");
    const auto denied = exec({"--noop"}, deny + "invoke-rc.d --disclose-deny byscript restart");
    EXPECT_EQ(denied.exit, 4) << denied.output << denied.error;
    EXPECT_THAT(printed(), HasSubstr("policy-rc.d denied execution of restart"));
    EXPECT_THAT(actions(), testing::IsEmpty());
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
