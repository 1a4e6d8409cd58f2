// Which requests of the kernel only ask.

#include "runner/border/cell/ethtool_requests.hpp"
#include "runner/border/cell/netlink_requests.hpp"

#include <cstring>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>

namespace disco::border::cell {
namespace {

using testing::ElementsAre;

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

/// With families of the generic protocol that a kernel could have.
NetlinkRequests look(int protocol, const std::string& messages) {
    return asking_requests(protocol, messages, [](unsigned type) {
        return std::string{type == 30 ? "ethtool" : type == 31 ? "nl80211" : ""};
    });
}
std::size_t asking_bytes(int protocol, const std::string& messages) { return look(protocol, messages).bytes; }

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

TEST(NetlinkRequests, ANewLinkWithoutANameIsAProbe) {
    const std::string nobody(sizeof(ifinfomsg), '\0');
    EXPECT_GT(asking_bytes(NETLINK_ROUTE, message(RTM_NEWLINK, nobody)), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, message(RTM_NEWLINK, nobody + std::string(8, '\0'))), 0U);
    std::string first = nobody;
    first[4] = 1; // ifi_index
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, message(RTM_NEWLINK, first)), 0U);
    std::string made = message(RTM_NEWLINK, nobody);
    made[7] = NLM_F_CREATE >> 8;
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, made), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_ROUTE, message(RTM_DELLINK, nobody)), 0U);
}

TEST(NetlinkRequests, OfFamiliesAreLookedAtByTheirCommand) {
    EXPECT_GT(asking_bytes(NETLINK_GENERIC, message(GENL_ID_CTRL, std::string(4, CTRL_CMD_GETFAMILY))), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(GENL_ID_CTRL, std::string(4, CTRL_CMD_NEWFAMILY))), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(29, std::string(4, '\2'))), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(31, std::string(4, '\1'))), 0U);
    EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(30, "")), 0U);
    for (const int gets : {ETHTOOL_MSG_LINKINFO_GET, ETHTOOL_MSG_STATS_GET, ETHTOOL_MSG_MODULE_EEPROM_GET})
        EXPECT_GT(asking_bytes(NETLINK_GENERIC, message(30, std::string(4, static_cast<char>(gets)))), 0U);
    for (const int acts : {ETHTOOL_MSG_LINKINFO_SET, ETHTOOL_MSG_RINGS_SET, ETHTOOL_MSG_CABLE_TEST_ACT})
        EXPECT_EQ(asking_bytes(NETLINK_GENERIC, message(30, std::string(4, static_cast<char>(acts)))), 0U);
}

std::string attribute(unsigned kind, const std::string& text) {
    const nlattr heading = {static_cast<__u16>(sizeof(nlattr) + text.size() + 1), static_cast<__u16>(kind)};
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    bytes += text;
    bytes.resize(NLA_ALIGN(bytes.size() + 1), '\0');
    return bytes;
}

/// What the kernel would load a module for.
TEST(NetlinkRequests, SayWhatTheKernelMustHave) {
    const auto rules = look(NETLINK_NETFILTER, message(tables(NFT_MSG_GETRULE)));
    EXPECT_THAT(rules.modules, ElementsAre("nf_tables"));
    const auto batch = look(NETLINK_NETFILTER, message(NFNL_MSG_BATCH_BEGIN, std::string{"\0\0\0\6", 4}));
    EXPECT_THAT(batch.modules, ElementsAre("ip_set"));
    const auto unknown = look(NETLINK_NETFILTER, message(NFNL_MSG_BATCH_BEGIN, std::string{"\0\0\1\0", 4}));
    EXPECT_THAT(unknown.modules, ElementsAre(""));
    const auto match = look(NETLINK_NETFILTER, message(NFNL_SUBSYS_NFT_COMPAT << 8U,
                                                       std::string(4, '\0') + attribute(9, "x") +
                                                           attribute(1, "connlimit") + attribute(2, "y")));
    EXPECT_THAT(match.modules, ElementsAre("nft_compat"));
    EXPECT_THAT(match.extensions, ElementsAre("connlimit"));
    const auto family =
        look(NETLINK_GENERIC, message(GENL_ID_CTRL, std::string(4, CTRL_CMD_GETFAMILY) +
                                                        attribute(CTRL_ATTR_FAMILY_NAME, "l2tp")));
    EXPECT_THAT(family.families, ElementsAre("l2tp"));
    EXPECT_THAT(look(NETLINK_SOCK_DIAG, message(SOCK_DIAG_BY_FAMILY, "\2\21xx")).modules,
                ElementsAre("udp_diag"));
    EXPECT_THAT(look(NETLINK_SOCK_DIAG, message(SOCK_DIAG_BY_FAMILY, std::string{"\1\0xx", 4})).modules,
                ElementsAre("unix_diag"));
    EXPECT_THAT(look(NETLINK_ROUTE, message(RTM_GETLINK)).modules, testing::IsEmpty());
}

TEST(NetlinkRequests, ADamagedAttributeEndsTheSearch) {
    std::string damaged = attribute(1, "name");
    damaged[0] = 100; // longer than it is
    const auto match =
        look(NETLINK_NETFILTER, message(NFNL_SUBSYS_NFT_COMPAT << 8U, std::string(4, '\0') + damaged));
    EXPECT_THAT(match.extensions, ElementsAre("")); // no extension has that name
}

TEST(EthtoolRequests, OnlyThoseThatAskAreKnown) {
    for (const std::uint32_t asks : {ETHTOOL_GSET, ETHTOOL_GDRVINFO, ETHTOOL_GLINKSETTINGS, ETHTOOL_GSTATS})
        EXPECT_TRUE(ethtool_asks(asks)) << asks;
    for (const std::uint32_t changes :
         {ETHTOOL_SSET, ETHTOOL_SWOL, ETHTOOL_SEEPROM, ETHTOOL_NWAY_RST, ETHTOOL_TEST, ETHTOOL_PHYS_ID,
          ETHTOOL_FLASHDEV, ETHTOOL_RESET, ETHTOOL_SLINKSETTINGS, ETHTOOL_SFECPARAM, ETHTOOL_SET_DUMP,
          ETHTOOL_PERQUEUE, 0, 0xffff})
        EXPECT_FALSE(ethtool_asks(changes)) << changes;
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
