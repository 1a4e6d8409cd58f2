// What is loaded into the kernel of a machine: the firewall, and settings of the network.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class BootedKernelSettings : public BootedTest {
protected:
    void SetUp() override {
        BootedTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        prepare_both("apt-get install -y iptables; iptables -F");
    }
    static constexpr const char* rules =
        "*filter\\n:INPUT ACCEPT [0:0]\\n-A INPUT -p tcp -m tcp --dport 8081 -j DROP\\nCOMMIT\\n";
};

TEST_F(BootedKernelSettings, ARuleIsAddedOnce) {
    const std::string rule = "INPUT -p tcp --dport 8080 -j DROP";
    const std::string lines = "iptables -C " + rule + " || iptables -A " + rule;
    do_on_both(lines);
    EXPECT_THAT(expect_same("iptables -S 2>/dev/null"), HasSubstr("--dport 8080"));
    do_on_both(lines);
    EXPECT_EQ(expect_same("iptables -S 2>/dev/null | grep -c 8080"), "1\n");
    const auto again = exec({"--noop", "--detailed-exitcode"}, lines);
    EXPECT_EQ(again.exit, 0) << again.output << again.error;
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(BootedKernelSettings, RulesAreReadFromStandardInput) {
    do_on_both(std::string{"printf '"} + rules + "' > /etc/rules; iptables-restore < /etc/rules");
    EXPECT_THAT(expect_same("iptables -S 2>/dev/null"), HasSubstr("--dport 8081"));
}

TEST_F(BootedKernelSettings, RulesAreReadFromTheDirectoryOfTheScript) {
    do_on_both(std::string{"mkdir -p /etc/firewall; cd /etc/firewall; printf '"} + rules +
               "' > f; iptables-restore f");
    EXPECT_THAT(expect_same("iptables -S 2>/dev/null"), HasSubstr("--dport 8081"));
}

TEST_F(BootedKernelSettings, AFileOfAPrivateDirectoryIsRefused) {
    const auto result = exec({"--merge"}, std::string{"printf '"} + rules +
                                              "' > /tmp/f; iptables-restore /tmp/f || echo refused");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(printed(),
                AllOf(HasSubstr("'/tmp/f' is in a directory of the sandbox's own"), HasSubstr("refused\n")));
    EXPECT_THAT(notices(), HasSubstr("refused: iptables-restore /tmp/f"));
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(BootedKernelSettings, SettingsAreReadFromAPipe) {
    prepare_both("sysctl -qw net.ipv4.ip_forward=0");
    do_on_both("echo net.ipv4.ip_forward=1 | sysctl -p -");
    EXPECT_EQ(expect_same("sysctl -n net.ipv4.ip_forward"), "1\n");
}

} // namespace
} // namespace disco::tests
