// Command lines of iptables, and which of them fail as the rules are.

#include "runner/border/packet_action.hpp"
#include "runner/border/pending_rules.hpp"
#include "runner/sys/printable.hpp"

#include <gmock/gmock.h>

namespace disco::border {
namespace {

using testing::ElementsAre;
using Verb = PacketCommand::Verb;

PacketCommand command(const std::string& canonical) {
    const auto found = packet_command(sys::split_words(canonical));
    EXPECT_TRUE(found) << canonical;
    return found.value_or(PacketCommand{});
}

TEST(PacketCommand, IsReadFromCanonicalWords) {
    const PacketCommand rule =
        command("iptables --wait 5 --table nat --insert POSTROUTING 3 ! --source 10.0.0.1/32 "
                "--protocol tcp --match tcp --destination-port 80 --match comment --comment "
                "'--table x' --jump ACCEPT");
    EXPECT_EQ(rule.verb, Verb::append);
    EXPECT_EQ(rule.table, "nat");
    EXPECT_EQ(rule.chain, "POSTROUTING");
    EXPECT_FALSE(rule.six);
    EXPECT_THAT(rule.rule, ElementsAre("! --source\n10.0.0.1", "--comment\n--table x", "--dport\n80",
                                       "--jump\nACCEPT", "--match\ncomment", "--protocol\ntcp"));
    EXPECT_EQ(command("ip6tables --flush").table, "filter");
    EXPECT_EQ(command("ip6tables --flush").chain, "");
    EXPECT_TRUE(command("ip6tables --flush").six);
    EXPECT_EQ(command("iptables --delete INPUT 3").verb, Verb::remove_number);
    EXPECT_EQ(command("iptables --delete INPUT --jump DROP").verb, Verb::remove);
    EXPECT_EQ(command("iptables --rename-chain A B").to, "B");
    EXPECT_EQ(command("iptables-save --table=nat").table, "nat");
    EXPECT_EQ(command("iptables-save").table, "");
    EXPECT_FALSE(packet_command({"iptables-restore"}));
    EXPECT_FALSE(packet_command({"nft", "list", "ruleset"}));
    EXPECT_FALSE(packet_command({}));
}

struct Row {
    const char* action;
    Presence presence;
    const char* error; ///< "": it does not fail
};
std::ostream& operator<<(std::ostream& stream, const Row& row) { return stream << row.action; }
class PacketAction : public testing::TestWithParam<Row> {};
TEST_P(PacketAction, FailsAsNatively) {
    const auto failure = failure_of(command(GetParam().action), GetParam().presence);
    EXPECT_EQ(failure ? failure->error : "", GetParam().error);
    if (failure) {
        EXPECT_EQ(failure->exit, 1);
    }
}
INSTANTIATE_TEST_SUITE_P(
    Border, PacketAction,
    testing::Values(
        Row{"iptables --new-chain X", Presence::there, "iptables: Chain already exists.\n"},
        Row{"iptables --new-chain X", Presence::gone, ""},
        Row{"iptables --new-chain X", Presence::unknown, ""},
        Row{"iptables --new-chain X", Presence::as_on_machine, ""},
        Row{"iptables --delete-chain X", Presence::gone, "iptables: No chain/target/match by that name.\n"},
        Row{"iptables --delete-chain X", Presence::there, ""},
        Row{"iptables --delete-chain", Presence::gone, ""},
        Row{"ip6tables --flush X", Presence::gone, "ip6tables: No chain/target/match by that name.\n"},
        Row{"iptables --flush X", Presence::there, ""}, Row{"iptables --flush", Presence::gone, ""},
        Row{"iptables --delete INPUT --jump X", Presence::gone,
            "iptables: Bad rule (does a matching rule exist in that chain?).\n"},
        Row{"iptables --delete INPUT --jump X", Presence::there, ""},
        Row{"iptables --delete INPUT --jump X", Presence::unknown, ""},
        Row{"iptables --delete INPUT 3", Presence::gone, ""},
        Row{"iptables --append INPUT --jump X", Presence::gone, ""},
        Row{"iptables --check INPUT --jump X", Presence::gone, ""}));

TEST(PacketAction, IsPrecededByAQuestion) {
    const auto words = [](const char* line) { return sys::split_words(line); };
    const char* removal = "iptables --table nat --delete INPUT --jump DROP";
    EXPECT_EQ(question_before(command(removal), words(removal)),
              words("iptables --table nat --check INPUT --jump DROP"));
    EXPECT_EQ(presence_by(command(removal), 0, ""), Presence::there);
    EXPECT_EQ(presence_by(command(removal), 1, ""), Presence::gone);
    EXPECT_EQ(presence_by(command(removal), 2, ""), Presence::unknown);
    EXPECT_EQ(presence_by(command(removal), 124, ""), Presence::unknown);
    const char* chain = "ip6tables --new-chain X";
    EXPECT_EQ(question_before(command(chain), words(chain)), words("ip6tables --table filter --list-rules"));
    const std::string rules = "-P INPUT ACCEPT\n-N X\n-A INPUT -j Y\n";
    EXPECT_EQ(presence_by(command(chain), 0, rules), Presence::there);
    EXPECT_EQ(presence_by(command("ip6tables --flush INPUT"), 0, rules), Presence::there);
    EXPECT_EQ(presence_by(command("ip6tables --new-chain Y"), 0, rules), Presence::gone);
    EXPECT_EQ(presence_by(command(chain), 1, rules), Presence::unknown);
}

TEST(PendingRules, KnowsWhichChainsThereAre) {
    const auto presence = [](const std::vector<const char*>& actions, const char* asked) {
        PendingRules rules;
        for (const char* action : actions)
            rules.note({.changes = {{"packet-filter"}}, .canonical = sys::split_words(action)}, action);
        return rules.presence_of(command(asked));
    };
    EXPECT_EQ(presence({}, "iptables --new-chain X"), Presence::as_on_machine);
    EXPECT_EQ(presence({"iptables --new-chain X"}, "iptables --new-chain X"), Presence::there);
    EXPECT_EQ(presence({"iptables --new-chain X"}, "ip6tables --new-chain X"), Presence::as_on_machine);
    EXPECT_EQ(presence({"iptables --new-chain X"}, "iptables --table nat --new-chain X"),
              Presence::as_on_machine);
    EXPECT_EQ(presence({"iptables --delete-chain X"}, "iptables --flush X"), Presence::gone);
    EXPECT_EQ(presence({"iptables --delete-chain X", "iptables --new-chain X"}, "iptables --flush X"),
              Presence::there);
    EXPECT_EQ(presence({"iptables --delete-chain"}, "iptables --flush X"), Presence::unknown);
    EXPECT_EQ(presence({"iptables --rename-chain X Y"}, "iptables --flush X"), Presence::gone);
    EXPECT_EQ(presence({"iptables --rename-chain X Y"}, "iptables --flush Y"), Presence::there);
    EXPECT_EQ(presence({"iptables-restore"}, "iptables --flush Y"), Presence::unknown);
    EXPECT_EQ(presence({"nft flush ruleset"}, "iptables --flush Y"), Presence::unknown);
    EXPECT_EQ(presence({"iptables --append X --jump DROP"}, "iptables --delete X --jump DROP"),
              Presence::there);
    EXPECT_EQ(presence({"iptables --delete X --jump DROP"}, "iptables --delete X --jump DROP"),
              Presence::gone);
}

} // namespace
} // namespace disco::border
