// What a no-op, a template or a user of the sandbox must not bring about on a booted machine.

#include "tests/support/booted_host.hpp"

#include <iterator>
#include <sstream>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BootedSafety : public BootedTest {
protected:
    /// A service that runs, and its process.
    static std::string victim() {
        prepare(Machine::disco,
                "printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/victim.service\n"
                "systemctl daemon-reload; systemctl start victim");
        return process();
    }
    static std::string process() {
        return answer(Machine::disco, "systemctl show --property MainPID victim");
    }
};

struct Disguise {
    const char* name;
    const char* command;
    friend std::ostream& operator<<(std::ostream& out, const Disguise& row) { return out << row.command; }
};
class BootedDisguisedAction : public BootedSafety, public testing::WithParamInterface<Disguise> {};

// The value of an option is taken for a question, or the verb for the value.
TEST_P(BootedDisguisedAction, IsNotRunInANoop) {
    const std::string before = victim();
    for (const std::string profile : {"auto", "strict", "simulate"}) {
        std::vector<std::string> words = {"exec", "--noop", "--profile", profile, "--"};
        std::istringstream command{GetParam().command};
        words.insert(words.end(), std::istream_iterator<std::string>{command}, {});
        (void)disco(words);
        EXPECT_EQ(process(), before) << profile;
        EXPECT_THAT(actions(), ElementsAre(AllOf(HasSubstr("pending systemctl"), HasSubstr("victim"))))
            << profile;
    }
}

INSTANTIATE_TEST_SUITE_P(Systemctl, BootedDisguisedAction,
                         testing::Values(Disguise{"output_before", "systemctl -o cat restart victim"},
                                         Disguise{"output_in_a_word", "systemctl -ocat restart victim"},
                                         Disguise{"output_long", "systemctl --output cat restart victim"},
                                         Disguise{"property", "systemctl -p show restart victim"},
                                         Disguise{"type", "systemctl -t status restart victim"},
                                         Disguise{"lines", "systemctl -n 1 stop victim"},
                                         Disguise{"option_after", "systemctl restart victim -o cat"},
                                         Disguise{"signal", "systemctl kill -s KILL victim"},
                                         Disguise{"kill_whom", "systemctl --kill-whom main kill victim"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST_F(BootedSafety, AUnitOfTheSandboxIsNotLinkedIntoTheMachine) {
    const std::string units =
        "ls /run/systemd/system /etc/systemd/system; systemctl list-unit-files --no-pager";
    const std::string before = answer(Machine::disco, units);
    (void)exec({"--noop"},
               "printf '[Service]\\nType=oneshot\\nExecStart=/bin/touch /pwned\\n' > /run/evil.service\n"
               "systemctl -o cat link /proc/self/root/run/evil.service /proc/1/root/run/evil.service\n"
               "systemctl -o cat start evil.service; systemctl -o cat enable --runtime --now "
               "/proc/$$/root/run/evil.service");
    EXPECT_EQ(answer(Machine::disco, units), before);
    EXPECT_THAT(answer(Machine::disco, "ls /pwned"), HasSubstr("No such file"));
}

TEST_F(BootedSafety, ATableOfTheFirewallIsNotDeletedByAQuestion) {
    prepare(Machine::disco, "apt-get install -y nftables; nft add table inet keepme");
    for (const std::string words :
         {"'tables; delete table inet keepme'", "tables ';' delete table inet keepme", "-f /proc/self/fd/0",
          "-f - list ruleset", "'ruleset\ndelete table inet keepme'", "ruleset '\n' flush ruleset"}) {
        const std::string line = words.starts_with("-f") ? "nft " + words + " <<< 'delete table inet keepme'"
                                                         : "nft list " + words;
        (void)exec({"--noop"}, line);
        EXPECT_THAT(answer(Machine::disco, "nft list tables"), HasSubstr("table inet keepme")) << line;
    }
    const auto refused = exec({"--noop"}, "nft list 'tables; delete table inet keepme'; test $? = 69");
    EXPECT_EQ(refused.exit, 0) << refused.output << refused.error;
    EXPECT_THAT(notices(), HasSubstr("refused: nft list"));
}

TEST_F(BootedSafety, ServiceTakesNoOptionsForSsh) {
    for (const std::string line : {"service 'x -H nowhere y' status", "systemctl -H root@127.0.0.1 status x",
                                   "systemctl --host=127.0.0.1 status x", "systemctl -M machine status x"}) {
        const auto result = exec({"--noop"}, line + " && exit 1; true");
        EXPECT_EQ(result.exit, 0) << line << result.output << result.error;
        EXPECT_THAT(notices(), HasSubstr("refused")) << line;
    }
}

TEST_F(BootedSafety, TheMachinesNullDeviceIsNotTheStandardInputOfScripts) {
    const std::string devices = "stat -c '%n %a %u %Z' /dev/null /dev/zero /dev/tty /dev/pts/0 2>&1";
    const std::string before = answer(Machine::disco, devices);
    script("m", "10-mode.sh",
           "#!/bin/bash\nchmod 604 /dev/stdin /proc/self/fd/0 /proc/self/fd/[0-9]*\n"
           "chown 1 /dev/stdin\nchmod 604 /dev/null\ntrue\n");
    module_file("m", "templates/etc/from-a-template", "chmod 604 /dev/stdin; echo x\n");
    for (const std::string profile : {"auto", "strict", "simulate"}) {
        (void)dance({"--noop", "--profile", profile});
        EXPECT_EQ(answer(Machine::disco, devices), before) << profile;
    }
}

TEST_F(BootedSafety, AUserOfTheSandboxDoesNotQueueRootsActions) {
    prepare(Machine::disco, "id plain || useradd -M plain");
    (void)exec({"--merge"},
               "su plain -s /bin/sh -c '/run/disco/bin/disco-defer sh -c \"id > /queued-by-user\"'\n"
               "su plain -s /bin/sh -c 'systemctl stop dbus.service'; true");
    EXPECT_THAT(answer(Machine::disco, "ls /queued-by-user"), HasSubstr("No such file"));
    EXPECT_EQ(answer(Machine::disco, "systemctl is-active dbus.service"), "active\n");
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_THAT(notices(), HasSubstr("refused"));
}

} // namespace
} // namespace disco::tests
