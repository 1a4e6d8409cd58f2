// Packages that have to do with guarded commands: they own them, divert them, or are asked about them.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

using BootedPackages = BootedTest;

TEST_F(BootedPackages, ThatArePurgedLeaveNoAlternative) {
    const std::string links =
        "find /etc/alternatives /usr/sbin /usr/bin /sbin -maxdepth 1 -name '*tables*' | sort; "
        "find /etc/alternatives /usr/sbin /usr/bin -maxdepth 1 -xtype l";
    do_on_both("apt-get install -y iptables");
    EXPECT_THAT(expect_same(links), HasSubstr("/etc/alternatives/iptables\n"));
    do_on_both("apt-get purge -y iptables");
    EXPECT_THAT(expect_same(links), Not(HasSubstr("tables")));
    EXPECT_THAT(notices(), Not(HasSubstr("refused")));
}

// molly-guard puts a command of its own in the place of reboot and its like.
TEST_F(BootedPackages, ThatDivertGuardedCommandsAreInstalled) {
    const std::string look = "for c in reboot halt poweroff shutdown; do ls -l --time-style=+ /sbin/$c "
                             "/usr/sbin/$c /lib/molly-guard/$c 2>&1; done; dpkg-divert --list '*reboot*'";
    do_on_both("apt-get install -y molly-guard");
    EXPECT_THAT(expect_same(look), HasSubstr("by molly-guard"));
    const auto called = exec({"--noop"}, "/sbin/reboot; /lib/molly-guard/reboot; echo code $?");
    EXPECT_EQ(called.exit, 0) << called.output << called.error;
    EXPECT_THAT(actions(), testing::Each(testing::StartsWith("pending ")));
    EXPECT_THAT(actions(), Not(testing::IsEmpty()));
    EXPECT_EQ(answer(Machine::disco, "systemctl list-jobs --no-legend"), "");
    do_on_both("apt-get purge -y molly-guard");
    EXPECT_EQ(expect_same("dpkg-divert --list '*reboot*'"), "");
    expect_same(look);
}

TEST_F(BootedPackages, OfTheMachineAreWhole) {
    for (const char* lines :
         {"dpkg --verify systemd iproute2 procps kmod", "tar c -C /usr/bin systemctl | tar xO | sha256sum",
          "cp /usr/bin/systemctl /tmp/copy; sha256sum < /tmp/copy; stat -c '%s %a %U' /bin/systemctl; "
          "rm /tmp/copy",
          "find /usr/bin /usr/sbin -xdev -type f -newer /etc/hostname"}) {
        EXPECT_EQ(answer_in_noop(lines), answer(Machine::disco, lines)) << lines;
        EXPECT_EQ(changes(), std::vector<std::string>{});
    }
    const auto result = exec({"--noop"}, "tar c -C /usr/bin systemctl | wc -c");
    EXPECT_GT(std::stol(printed()), 100'000);
    EXPECT_EQ(result.exit, 0);
}

TEST_F(BootedPackages, OfTablesOfCommandsGiveThemToTheirUsers) {
    prepare_both("apt-get install -y cron; id deploy || useradd --create-home deploy");
    do_on_both("echo '1 2 3 4 5 true root' | crontab -; echo '5 4 3 2 1 true deploy' | crontab -u deploy -; "
               "crontab -l; crontab -u deploy -l");
    EXPECT_THAT(
        expect_same("stat -c '%n %a %U:%G' /var/spool/cron/crontabs/*; crontab -l; crontab -u deploy -l"),
        testing::AllOf(HasSubstr("/root 600 root:crontab\n"), HasSubstr("/deploy 600 deploy:crontab\n")));
    // By the user itself it is set-group-ID, which the sandbox withholds.
    const auto refused =
        exec({"--noop"}, "su - deploy -c 'echo \"* * * * * true\" | crontab -'; test $? != 0");
    EXPECT_EQ(refused.exit, 0) << refused.output << refused.error;
    EXPECT_THAT(notices(), testing::AllOf(HasSubstr("crontab"), HasSubstr("set-group-ID")));
    do_on_both("crontab -r; crontab -u deploy -r");
    expect_same("ls /var/spool/cron/crontabs");
}

} // namespace
} // namespace disco::tests
