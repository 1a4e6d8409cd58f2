// Which requests of the kernel only ask.

#include "runner/border/cell/netlink_requests.hpp"

#include <cstring>
#include <ostream>
#include <string>

#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

namespace disco::border::cell {
namespace {

std::string message(unsigned type, const std::string& payload = std::string(4, '\0')) {
    nlmsghdr heading = {};
    heading.nlmsg_len = static_cast<__u32>(sizeof heading + payload.size());
    heading.nlmsg_type = static_cast<__u16>(type);
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    bytes += payload;
    bytes.resize(NLMSG_ALIGN(bytes.size()));
    return bytes;
}

constexpr unsigned tables(unsigned type) { return NFNL_SUBSYS_NFTABLES << 8U | type; }

struct Row {
    const char* name;
    int protocol;
    unsigned type;
    bool asks;
};
std::ostream& operator<<(std::ostream& stream, const Row& row) { return stream << row.name; }
class Netlink : public testing::TestWithParam<Row> {};

TEST_P(Netlink, OnlyAsks) {
    const std::string bytes = message(GetParam().type);
    EXPECT_EQ(asking_bytes(GetParam().protocol, bytes), GetParam().asks ? bytes.size() : 0);
    // Behind one that asks it is seen, too.
    const std::string both = message(NLMSG_NOOP) + bytes;
    EXPECT_EQ(asking_bytes(GetParam().protocol, both), GetParam().asks ? both.size() : 0);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Netlink,
    testing::Values(Row{"get_link", NETLINK_ROUTE, RTM_GETLINK, true},
                    Row{"new_link", NETLINK_ROUTE, RTM_NEWLINK, false},
                    Row{"set_link", NETLINK_ROUTE, RTM_SETLINK, false},
                    Row{"delete_address", NETLINK_ROUTE, RTM_DELADDR, false},
                    Row{"get_route", NETLINK_ROUTE, RTM_GETROUTE, true},
                    Row{"new_rule", NETLINK_ROUTE, RTM_NEWRULE, false},
                    Row{"get_rule", NETLINK_ROUTE, RTM_GETRULE, true},
                    Row{"sockets", NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, true},
                    Row{"destroy_socket", NETLINK_SOCK_DIAG, SOCK_DESTROY, false},
                    Row{"get_table", NETLINK_NETFILTER, tables(NFT_MSG_GETTABLE), true},
                    Row{"get_rules", NETLINK_NETFILTER, tables(NFT_MSG_GETRULE), true},
                    Row{"get_and_reset", NETLINK_NETFILTER, tables(NFT_MSG_GETOBJ_RESET), false},
                    Row{"new_table", NETLINK_NETFILTER, tables(NFT_MSG_NEWTABLE), false},
                    Row{"delete_table", NETLINK_NETFILTER, tables(NFT_MSG_DELTABLE), false},
                    Row{"new_rule_of_filter", NETLINK_NETFILTER, tables(NFT_MSG_NEWRULE), false},
                    Row{"batch", NETLINK_NETFILTER, NFNL_MSG_BATCH_BEGIN, true},
                    Row{"delete_connection", NETLINK_NETFILTER, NFNL_SUBSYS_CTNETLINK << 8U | 2U, false},
                    Row{"queue", NETLINK_NETFILTER, NFNL_SUBSYS_QUEUE << 8U | 1U, false},
                    Row{"new_policy", NETLINK_XFRM, 0x13, false}, Row{"get_policy", NETLINK_XFRM, 0x15, true},
                    Row{"audit", NETLINK_AUDIT, 1000, false}, Row{"unknown", 77, 20, false}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(NetlinkRequests, OfFamiliesAreLookedAtByTheirCommand) {
    EXPECT_GT(asking_bytes(NETLINK_GENERIC, message(GENL_ID_CTRL, std::string(4, CTRL_CMD_GETFAMILY))), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(GENL_ID_CTRL, std::string(4, CTRL_CMD_NEWFAMILY))), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(30)), 0U);
}

TEST(NetlinkRequests, WhatFollowsTheLastOneIsCutOff) {
    const std::string first = message(RTM_GETLINK);
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, first + std::string(40, '\0')), first.size());
    std::string too_long = message(RTM_GETLINK);
    too_long[0] = 100; // longer than it is
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, too_long), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, ""), 0U);
}

} // namespace
} // namespace disco::border::cell
