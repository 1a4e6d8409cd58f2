// Units that a module delivers, and what an administrator did to them by hand.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BootedUnits : public BootedTest {
protected:
    /// A unit, delivered by module `m`.
    void unit(const std::string& name) const {
        module_file("m", "files/etc/systemd/system/" + name + ".service",
                    "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n");
    }
    static std::string fingerprint() { return last_report().at("fingerprint"); }
};

TEST_F(BootedUnits, ThatAreDeliveredAreEnabledAndStarted) {
    unit("delivered");
    script("m", "10-enable.sh",
           "#!/bin/bash\nset -e\nsystemctl daemon-reload\nsystemctl enable --now delivered\n"
           "systemctl is-enabled delivered\nsystemctl is-active delivered\n");
    const std::string link = "created /etc/systemd/system/multi-user.target.wants/delivered.service";
    const auto noop = dance({"--noop"});
    EXPECT_EQ(noop.exit, 0) << noop.output << noop.error;
    EXPECT_THAT(printed(), HasSubstr("enabled\nactive\n"));
    EXPECT_THAT(changes(), Contains(link));
    EXPECT_EQ(answer(Machine::disco, "systemctl is-enabled delivered 2>&1; true"),
              "Failed to get unit file state for delivered.service: No such file or directory\n");
    const auto live = dance();
    EXPECT_EQ(live.exit, 0) << live.output << live.error;
    EXPECT_THAT(changes(), Contains(link));
    EXPECT_EQ(answer(Machine::disco, "systemctl is-enabled delivered; systemctl is-active delivered"),
              "enabled\nactive\n");
    const auto again = dance({"--noop", "--detailed-exitcode"});
    EXPECT_EQ(again.exit, 0) << again.output << again.error;
    prepare(Machine::disco, "systemctl stop delivered");
    const auto undone = disco({"rollback"});
    EXPECT_EQ(undone.exit, 0) << undone.output << undone.error;
    EXPECT_EQ(answer(Machine::disco, "find /etc/systemd/system -name 'delivered*'"), "");
}

TEST_F(BootedUnits, ThatWereDisabledByHandAreToldInANoop) {
    unit("disabled");
    script("m", "10-enable.sh", "#!/bin/bash\nset -e\nsystemctl daemon-reload\nsystemctl enable disabled\n");
    ASSERT_EQ(dance().exit, 0);
    EXPECT_EQ(dance({"--noop", "--detailed-exitcode"}).exit, 0);
    prepare(Machine::disco, "systemctl disable disabled");
    const auto noop = dance({"--noop", "--detailed-exitcode"});
    EXPECT_EQ(noop.exit, 2) << noop.output << noop.error;
    EXPECT_THAT(changes(),
                ElementsAre("created /etc/systemd/system/multi-user.target.wants/disabled.service"));
    EXPECT_EQ(dance({"--detailed-exitcode"}).exit, 2);
    EXPECT_EQ(answer(Machine::disco, "systemctl is-enabled disabled"), "enabled\n");
}

TEST_F(BootedUnits, ThatWereStoppedByHandArePendingInANoop) {
    unit("stopped");
    script("m", "10-start.sh",
           "#!/bin/bash\nset -e\nsystemctl daemon-reload\nsystemctl is-active stopped || systemctl start "
           "stopped\n");
    ASSERT_EQ(dance().exit, 0);
    const auto healthy = dance({"--noop", "--detailed-exitcode"});
    EXPECT_EQ(healthy.exit, 0) << healthy.output << healthy.error;
    const std::string fingerprint_of_healthy = fingerprint();
    EXPECT_THAT(actions(), IsEmpty());
    prepare(Machine::disco, "systemctl stop stopped");
    const auto noop = dance({"--noop", "--detailed-exitcode"});
    EXPECT_EQ(noop.exit, 2) << noop.output << noop.error;
    EXPECT_THAT(actions(), ElementsAre("pending systemctl start stopped"));
    EXPECT_THAT(noop.output + noop.error, HasSubstr("1 action pending"));
    EXPECT_NE(fingerprint(), fingerprint_of_healthy);
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active stopped; true"), "inactive\n");
    EXPECT_EQ(dance({"--detailed-exitcode"}).exit, 2);
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active stopped"), "active\n");
}

} // namespace
} // namespace disco::tests
