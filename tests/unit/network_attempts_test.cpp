// What the kernel counts of a network namespace.

#include "runner/sandbox/network_attempts.hpp"
#include "runner/sys/files.hpp"

#include <gtest/gtest.h>

namespace disco::sandbox {
namespace {

constexpr const char* snmp = "Ip: Forwarding DefaultTTL OutDiscards OutNoRoutes ReasmTimeout\n"
                             "Ip: 2 64 7 3 9\n"
                             "Icmp: InMsgs\n"
                             "Icmp: 1\n"
                             "Tcp: ActiveOpens AttemptFails\n"
                             "Tcp: 50 11\n"
                             "Udp: InDatagrams NoPorts InErrors\n"
                             "Udp: 100 20 5\n"
                             "UdpLite: InDatagrams NoPorts InErrors\n"
                             "UdpLite: 100 5000 5\n";
constexpr const char* snmp6 = "Ip6OutDiscards                  \t4\n"
                              "Ip6OutNoRoutes                  \t400\n"
                              "Udp6NoPorts                     \t1000\n"
                              "UdpLite6NoPorts                 \t70000\n";

TEST(NetworkAttempts, AreCountedTogether) {
    EXPECT_EQ(network_attempts(snmp, snmp6).others, 1423u);
    EXPECT_EQ(network_attempts(snmp, "").others, 23u);
    EXPECT_EQ(network_attempts("", snmp6).others, 1400u);
    EXPECT_EQ(network_attempts(snmp, snmp6).own, 11u);
}

TEST(NetworkAttempts, AreNoneWhereNothingIsCounted) {
    for (const char* text : {"", "\n", "Ip:", "Ip: OutNoRoutes\n", "Ip: OutNoRoutes\nIp:\n", "x\ny\nz"})
        EXPECT_EQ(network_attempts(text, text).others + network_attempts(text, text).own, 0u) << text;
}

TEST(NetworkAttempts, AreInWhatThisKernelTells) {
    EXPECT_NE(sys::read_file("/proc/self/net/snmp").find(" OutNoRoutes "), std::string::npos);
    EXPECT_NE(sys::read_file("/proc/self/net/snmp").find(" NoPorts "), std::string::npos);
    EXPECT_NE(sys::read_file("/proc/self/net/snmp").find(" AttemptFails "), std::string::npos);
}

} // namespace
} // namespace disco::sandbox
