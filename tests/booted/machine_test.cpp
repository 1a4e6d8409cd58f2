// What the other tests on booted machines build on: two equal machines, which are not this one.

#include "tests/support/booted_host.hpp"

#include <sstream>
#include <string>

#include <linux/capability.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using BootedMachine = BootedTest;

TEST_F(BootedMachine, SystemdIsTheFirstProcessOfBoth) {
    EXPECT_EQ(expect_same("cat /proc/1/comm; cat /etc/hostname; systemctl is-active basic.target"),
              "systemd\nbooted\nactive\n");
}

// Read, not tried: what these tests run is root, and the clock and the kernel are this machine's.
TEST_F(BootedMachine, ItReachesNeitherTheClockNorTheNetworkOfThisOne) {
    EXPECT_EQ(expect_same("ip -br link | cut -d ' ' -f 1"), "lo\n");
    const std::string sets =
        "for who in self 1; do sed -n 's/^Cap\\(Prm\\|Eff\\|Bnd\\):\\s*//p' /proc/$who/status; done";
    std::istringstream lines{expect_same(sets)};
    int seen = 0;
    for (std::string line; std::getline(lines, line); ++seen)
        for (const int withheld : {CAP_SYS_TIME, CAP_SYS_MODULE, CAP_SYS_RAWIO})
            EXPECT_EQ(std::stoull(line, nullptr, 16) >> withheld & 1, 0U)
                << line << ", capability " << withheld;
    EXPECT_EQ(seen, 6);
}

TEST_F(BootedMachine, DiscoAsksItsSystemd) {
    const auto result = exec({"--noop"}, "systemctl is-active dbus.service");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error,
                AllOf(HasSubstr("active\n"), HasSubstr("in sync, nothing to change")));
}

TEST_F(BootedMachine, ADanceMergesOntoItsRootAndStartsAService) {
    module_file("app", "files/etc/systemd/system/first.service",
                "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n");
    script(
        "app", "10-start.sh",
        "#!/bin/bash\nset -e\nsystemctl daemon-reload\nsystemctl is-active first || systemctl start first\n");
    const auto first = dance();
    EXPECT_EQ(first.exit, 0) << first.output << first.error;
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active first"), "active\n");
    const auto noop = dance({"--noop"});
    EXPECT_EQ(noop.exit, 0) << noop.output << noop.error;
    EXPECT_THAT(changes(), IsEmpty());
    prepare(Machine::disco, "systemctl stop first");
    const auto undone = disco({"rollback"});
    EXPECT_EQ(undone.exit, 0) << undone.output << undone.error;
    EXPECT_THAT(answer(Machine::disco, "ls /etc/systemd/system/first.service"), HasSubstr("No such file"));
}

} // namespace
} // namespace disco::tests
