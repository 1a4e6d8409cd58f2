// A machine that has not been booted with systemd, such as a container of an application, though systemctl is
// there.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BootedWithoutSystemd : public BootedTest {
protected:
    /// Lines where systemd has never run.
    static std::string unbooted(const std::string& lines) {
        return "unshare --mount bash -c 'mount -t tmpfs none /run; mkdir /run/lock\n" + lines + "'";
    }
    static sys::ProgramResult exec_unbooted(const std::string& option, const std::string& lines) {
        return run(Machine::disco, unbooted("disco exec " + option + " -- bash -c \"" + lines + "\""));
    }
};

TEST_F(BootedWithoutSystemd, ItsCommandsFailAtOnceAsNatively) {
    prepare_both(
        "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' > "
        "/etc/systemd/system/unbooted.service");
    for (const char* line :
         {"systemctl start unbooted", "systemctl restart unbooted", "systemctl daemon-reload",
          "systemctl stop unbooted", "systemctl is-active unbooted", "systemctl kill unbooted",
          "systemctl enable --now unbooted; systemctl is-enabled unbooted; systemctl disable unbooted"}) {
        const std::string asked = "{ " + std::string{line} + "; } 2>&1; echo code \\$?";
        const auto natively = run(Machine::native, unbooted("bash -c \"" + asked + "\""));
        ASSERT_TRUE(natively.succeeded()) << natively.error;
        const auto result = exec_unbooted("--noop", asked);
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_EQ(printed(), natively.output) << line;
        EXPECT_THAT(actions(), IsEmpty()) << line;
    }
    for (const char* option : {"--noop", "--merge"}) {
        const auto stopped =
            exec_unbooted(option, "set -e; systemctl start unbooted; touch /etc/not-reached");
        EXPECT_EQ(stopped.exit, 4) << option << stopped.output << stopped.error;
        EXPECT_THAT(stopped.output + stopped.error, HasSubstr("not been booted with systemd"));
    }
}

/// There it changes files at most, and says so.
TEST_F(BootedWithoutSystemd, InAChrootItsCommandsAreIgnoredAsNatively) {
    // Another root directory than that of the first process.
    const std::string enter =
        "unshare --mount bash -c 'mkdir -p /media/chroot; mount -t tmpfs none /media/chroot; cd "
        "/media/chroot\n"
        "cp -a /bin /sbin /lib /lib64 .; mkdir -p usr etc var opt proc dev sys root run/lock tmp\n"
        "for d in usr etc var opt proc dev sys root; do mount --rbind /$d $d; done\n"
        "exec chroot . ";
    for (const char* line : {"systemctl restart cron", "systemctl daemon-reload", "systemctl stop cron",
                             "systemctl start no-such-unit"}) {
        const std::string asked = "bash -c \"" + std::string{line} + " 2>&1; echo code \\$?\"'";
        const auto natively = run(Machine::native, enter + asked);
        ASSERT_TRUE(natively.succeeded()) << natively.error;
        EXPECT_THAT(natively.output, testing::EndsWith("code 0\n")) << line;
        const auto result = run(Machine::disco, enter + "/opt/disco/bin/disco exec --noop -- " + asked);
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_EQ(printed(), natively.output) << line;
        EXPECT_THAT(actions(), IsEmpty()) << line;
    }
}

/// Such as those that images of containers have.
TEST_F(BootedWithoutSystemd, AScriptInTheNameOfSystemctlIsAnAction) {
    const auto result =
        run(Machine::disco,
            unbooted("printf \"#!/bin/sh\\necho \\\"\\$*\\\" >> /root/asked-script\\n\" > /root/systemctl\n"
                     "chmod +x /root/systemctl; mount --bind /root/systemctl /usr/bin/systemctl\n"
                     "disco exec --merge -- systemctl start something"));
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), ElementsAre("done systemctl start something"));
    EXPECT_THAT(answer(Machine::disco, "cat /root/asked-script; rm /root/asked-script /root/systemctl"),
                HasSubstr("start something\n"));
}

} // namespace
} // namespace disco::tests
