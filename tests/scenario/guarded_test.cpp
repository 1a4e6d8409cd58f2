// Guarded commands: what stands in their place, what it tells, and that it never reaches the live root.

#include "tests/support/throw_away.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Guarded : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        // The host's commands, as far as these tests go: they tell what they were asked for, in the tree.
        command("usr/bin/systemctl", "case $1 in is-active) echo active-$3;; show) sleep 60;; "
                                     "reload) echo no such unit >&2; exit 5;; esac\n"
                                     "echo \"systemctl $*\" >> /var/log/asked 2>/dev/null\n");
        command("usr/sbin/service", "echo \"service $*\" >> /var/log/asked\n");
        fs::create_directories(root() / "var/log");
        want("m");
    }
    void command(const std::string& path, const std::string& text) {
        put(root() / path, "#!/bin/bash\n" + text, 0755);
    }
    std::string asked() { return sys::read_file_if_exists(root() / "var/log/asked").value_or(""); }
    std::vector<std::string> notices(const std::string& kind) {
        std::vector<std::string> texts;
        const auto report = last_report();
        for (const auto& module : report.at("modules"))
            for (const auto& notice : module.at("notices"))
                if (notice.at("kind") == kind) texts.push_back(notice.at("text"));
        return texts;
    }
    std::vector<std::string> actions() {
        std::vector<std::string> texts;
        const auto report = last_report();
        for (const auto& module : report.at("modules"))
            for (const auto& action : module.at("actions")) {
                std::string text = action.at("outcome");
                for (const std::string word : action.at("argv")) text += " " + word;
                texts.push_back(text);
            }
        return texts;
    }
};

TEST_F(Guarded, AQueryIsAnsweredByTheHost) {
    script("m", "10-ask.sh", "echo answer $(systemctl is-active nginx)\n");
    for (const char* mode : {"--noop", ""}) {
        const auto result = *mode != '\0' ? noop() : live();
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_THAT(result.output + result.error, HasSubstr("answer active-nginx"));
        EXPECT_THAT(actions(), IsEmpty());
        EXPECT_EQ(asked(), "") << "a query must not be able to write";
    }
}

TEST_F(Guarded, AnActionIsToldInANoop) {
    script("m", "10-do.sh", "systemctl restart nginx && echo fine\nservice nginx reload\n");
    const Snapshot before = root_snapshot();
    const auto result = noop();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("fine"));
    EXPECT_THAT(notices("would-execute"),
                ElementsAre("would execute: systemctl restart nginx", "would execute: service nginx reload"));
    EXPECT_THAT(actions(), ElementsAre("pending systemctl restart nginx", "pending service nginx reload"));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Guarded, ActionsAreRunAfterTheMergeInOrderAndOnce) {
    script("m", "10-do.sh",
           "#!/bin/bash\nset -e\nsystemctl restart a\n/usr/sbin/service b reload\nsystemctl restart a\n"
           "test ! -e /var/log/asked\necho x > /etc/changed\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), "systemctl restart a\nservice b reload\n");
    EXPECT_THAT(actions(),
                ElementsAre("done systemctl restart a", "done service b reload", "done systemctl restart a"));
    EXPECT_EQ(read("etc/changed"), "x\n");
}

TEST_F(Guarded, WhatACommandDecidesByTheViewIsDecidedWhenItIsCalled) {
    command("usr/sbin/invoke-rc.d",
            "denied=$(test ! -e /etc/denied || echo denied-)\n"
            "case \" $* \" in *' --query '*) [[ -n $denied ]] && exit 101; exit 104;; esac\n"
            "echo \"${denied}invoke-rc.d $*\" >> /var/log/asked\n");
    script("m", "10-do.sh",
           "#!/bin/bash\nset -e\ninvoke-rc.d web start\ntouch /etc/denied\ninvoke-rc.d mail start\n"
           "rm /etc/denied\n(trap '' CHLD; exec invoke-rc.d --quiet time restart x)\ntouch /etc/denied\n");
    const auto dry = noop();
    EXPECT_EQ(dry.exit, 0) << dry.output << dry.error;
    EXPECT_THAT(actions(), ElementsAre("pending invoke-rc.d --force web start",
                                       "pending invoke-rc.d --force --quiet time restart x"));
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(actions(), ElementsAre("done invoke-rc.d --force web start",
                                       "done invoke-rc.d --force --quiet time restart x"));
    EXPECT_EQ(asked(), "denied-invoke-rc.d mail start\n"
                       "denied-invoke-rc.d --force web start\n"
                       "denied-invoke-rc.d --force --quiet time restart x\n");
}

TEST_F(Guarded, NoActionIsRunWhenAModuleFails) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl restart a\nexit 3\n");
    EXPECT_EQ(live().exit, 4);
    EXPECT_EQ(asked(), "");
    EXPECT_THAT(actions(), ElementsAre("pending systemctl restart a"));
}

TEST_F(Guarded, AFailedActionIsExitCode6AndTheOthersStillRun) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl reload a\nservice b reload\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 6) << result.output << result.error;
    EXPECT_THAT(result.output + result.error,
                HasSubstr("the action 'systemctl reload a' of module 'm' exited with 5"));
    EXPECT_THAT(asked(), HasSubstr("service b reload\n"));
    std::string output;
    const auto report = last_report();
    for (const auto& step : report.at("modules").at(0).at("steps"))
        if (step.at("phase") == "action") output += step.at("output").get<std::string>();
    EXPECT_THAT(output, HasSubstr("no such unit"));
}

TEST_F(Guarded, DeferQueuesAnyCommand) {
    script("m", "10-do.sh", "#!/bin/bash\ndisco-defer touch /etc/deferred\ntest ! -e /etc/deferred\n");
    EXPECT_EQ(live().exit, 0);
    EXPECT_TRUE(fs::exists(root() / "etc/deferred"));
}

/// Not answered from what the run has asked for: they are run after it.
TEST_F(Guarded, DeferQueuesAQuestionToo) {
    command("usr/sbin/sysctl", "echo \"sysctl $*\" >> /var/log/asked\n");
    script("m", "10-do.sh",
           "#!/bin/bash\nsysctl -w kernel.threads-max=1000\ndisco-defer sysctl kernel.threads-max\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_EQ(asked(), "sysctl -w kernel.threads-max=1000\nsysctl kernel.threads-max\n");
}

TEST_F(Guarded, DeferKeepsThePath) {
    command("srv/tool", "echo \"tool $*\" >> /var/log/asked\n");
    script("m", "10-do.sh", "#!/bin/bash\ndisco-defer /srv/tool 'two words'\n");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(asked(), "tool two words\n");
}

TEST_F(Guarded, TemplatesQueueNothing) {
    module_file("m", "templates/etc/made", "systemctl restart x; echo made");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(read("etc/made"), "made\n");
    EXPECT_EQ(asked(), "");
    EXPECT_THAT(notices("would-execute"), ElementsAre("would execute: systemctl restart x"));
    EXPECT_THAT(actions(), IsEmpty());
}

TEST_F(Guarded, OnlyCommandsThatAreThereAreReplaced) {
    script("m", "10-do.sh", "#!/bin/bash\nls /usr/bin/docker /usr/sbin/reboot; docker ps; echo code $?\n");
    const auto result = live();
    EXPECT_THAT(result.output + result.error, HasSubstr("code 127"));
}

TEST_F(Guarded, TheDirectoriesLookAsTheyAre) {
    fs::permissions(root() / "usr/sbin", fs::perms{0711});
    script("m", "10-do.sh",
           "#!/bin/bash\nstat -c '%a %U %Y %n' /usr /usr/sbin /usr/bin > /etc/seen\n"
           "stat -c '%a %U' /usr/sbin/service >> /etc/seen\n");
    EXPECT_EQ(live().exit, 0);
    struct stat status = {};
    std::string expected;
    for (const char* path : {"/usr", "/usr/sbin", "/usr/bin"}) {
        ASSERT_EQ(::stat((root().native() + path).c_str(), &status), 0);
        char line[200];
        std::snprintf(line, sizeof line, "%o root %lld %s\n", status.st_mode & 07777U,
                      static_cast<long long>(status.st_mtime), path);
        expected += line;
    }
    EXPECT_EQ(read("etc/seen"), expected + "755 root\n");
}

TEST_F(Guarded, AChangedModeOfAGuardedCommandIsThatAndNoMore) {
    script("m", "10-do.sh", "#!/bin/bash\nchmod 700 /usr/bin/systemctl; chown 1:1 /usr/bin/systemctl\n");
    const std::string text = read("usr/bin/systemctl");
    const auto preview = noop({"--profile", "strict"});
    EXPECT_EQ(preview.exit, 0) << preview.output << preview.error;
    EXPECT_THAT(preview.output, HasSubstr("~ /usr/bin/systemctl"));
    EXPECT_THAT(preview.output, HasSubstr("0755 → 0700"));
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(read("usr/bin/systemctl"), text);
    struct stat status = {};
    ASSERT_EQ(::stat((root() / "usr/bin/systemctl").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    EXPECT_EQ(status.st_uid, 1U);
}

TEST_F(Guarded, AReplacedCommandArrives) {
    script("m", "10-do.sh",
           "#!/bin/bash\nprintf '#!/bin/bash\\necho new\\n' > /usr/bin/systemctl.new\n"
           "chmod 755 /usr/bin/systemctl.new; mv /usr/bin/systemctl.new /usr/bin/systemctl\n");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(read("usr/bin/systemctl"), "#!/bin/bash\necho new\n");
}

TEST_F(Guarded, ARemovedCommandGoes) {
    script("m", "10-do.sh", "#!/bin/bash\nrm /usr/bin/systemctl; hash -r; systemctl x; echo code $?\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(result.output + result.error, HasSubstr("code 127"));
    EXPECT_FALSE(fs::exists(root() / "usr/bin/systemctl"));
}

TEST_F(Guarded, ALinkToACommandIsGuardedUnderItsOwnName) {
    fs::create_symlink("/usr/bin/systemctl", root() / "usr/sbin/reboot");
    script("m", "10-do.sh", "#!/bin/bash\nreboot\nchmod 700 /usr/sbin/reboot\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(notices("would-execute"), testing::Contains("would execute: reboot"));
    EXPECT_TRUE(fs::is_symlink(root() / "usr/sbin/reboot"));
}

TEST_F(Guarded, ACommandThatAnEarlierModuleInstalledIsGuarded) {
    fs::remove(root() / "usr/sbin/service");
    module_file("m", "files/usr/sbin/service", "#!/bin/bash\necho \"installed $*\" >> /var/log/asked\n",
                0755);
    module_file("m", "files/usr/sbin/halt", "#!/bin/bash\necho halted >> /var/log/asked\n", 0755);
    script("m", "10-link.sh", "#!/bin/bash\nln -s halt /usr/sbin/poweroff\n");
    want("n");
    module_file("n", "requires", "m\n");
    script("n", "10-do.sh",
           "#!/bin/bash\nservice nginx start && /usr/sbin/poweroff --force\n"
           "chmod 0700 /usr/sbin/halt\n");
    const auto told = noop();
    EXPECT_EQ(told.exit, 0) << told.output << told.error;
    EXPECT_THAT(actions(), ElementsAre("pending service nginx start", "pending poweroff --force"));
    const auto result = live({"--allow-reboot"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), "installed nginx start\nhalted\n");
    struct stat status = {};
    ASSERT_EQ(::stat((root() / "usr/sbin/halt").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    EXPECT_THAT(read("usr/sbin/halt"), HasSubstr("halted"));
}

TEST_F(Guarded, AnUpgradedCommandIsStillGuarded) {
    script("m", "10-upgrade.sh",
           "#!/bin/bash\nprintf '#!/bin/bash\\necho upgraded $* >> /var/log/asked\\n' > "
           "/usr/bin/new && chmod 0755 /usr/bin/new && mv /usr/bin/new /usr/bin/systemctl\n");
    want("n");
    module_file("n", "requires", "m\n");
    script("n", "10-do.sh", "#!/bin/bash\nsystemctl restart a\ntest ! -e /var/log/asked\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(actions(), ElementsAre("pending systemctl restart a"));
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), "upgraded restart a\n");
}

TEST_F(Guarded, AnActionIsRunAsItWasAskedFor) {
    fs::create_directories(root() / "srv/d");
    script("m", "10-do.sh",
           "#!/bin/bash\ncd /srv/d; umask 027; export KEPT=1 LD_LIBRARY_PATH=/x\n"
           "disco-defer sh -c 'pwd; umask; echo $KEPT-$LD_LIBRARY_PATH-$DISCO_NODE' ; "
           "disco-defer sh -c 'echo \"$PWD $(umask) $KEPT-$LD_LIBRARY_PATH-$DISCO_NODE\" > made'\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("srv/d/made"), "/srv/d 0027 1--\n");
}

TEST_F(Guarded, StandardInputIsKeptForWhatReadsItAndLeftAloneElse) {
    command("usr/sbin/iptables-restore", "cat >> /var/log/asked\n");
    script("m", "10-do.sh",
           "#!/bin/bash\nset -e\necho rules | iptables-restore\n"
           "printf 'a\\nb\\n' | while read -r x; do systemctl restart $x; disco-defer true $x; done\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), "rules\nsystemctl restart a\nsystemctl restart b\n");
}

TEST_F(Guarded, OtherUsersMayOnlyAsk) {
    script("m", "10-do.sh",
           "#!/bin/bash\nfor c in 'systemctl is-active nginx' 'systemctl restart nginx' 'disco-defer touch "
           "/etc/x'; do\n"
           "  perl -e '$) = \"33 33\"; $( = 33; ($<, $>) = (33, 33); exec @ARGV' $c; echo code $?\ndone\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("active-nginx"));
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_THAT(notices("refused"), ElementsAre(HasSubstr("systemctl restart nginx: user 33 asked for it"),
                                                HasSubstr("touch /etc/x: user 33 asked for it")));
    EXPECT_EQ(asked(), "");
}

TEST_F(Guarded, AnActionOnAFileOfTheSandboxIsRefused) {
    script("m", "10-do.sh", "#!/bin/bash\necho x > /tmp/f; disco-defer cp /tmp/f /etc/f; echo code $?\n");
    const auto result = live();
    EXPECT_THAT(result.output + result.error, HasSubstr("code 1"));
    EXPECT_THAT(notices("refused"),
                ElementsAre(HasSubstr("'/tmp/f' is in a directory of the sandbox's own")));
}

TEST_F(Guarded, ADeviceThatAScriptMadeIsNoneForAnAction) {
    script("m", "10-do.sh",
           "#!/bin/bash\nset -e\nmknod /srv/zero c 1 5\n"
           "disco-defer sh -c 'head -c 1 /dev/zero > /srv/usual; head -c 1 /srv/zero > /srv/made; :'\n");
    EXPECT_EQ(live().exit, 0);
    EXPECT_TRUE(fs::is_character_file(root() / "srv/zero"));
    EXPECT_EQ(read("srv/usual").size(), 1U);
    EXPECT_EQ(read("srv/made"), "");
}

TEST_F(Guarded, AQueryThatTakesTooLongIsGivenUp) {
    command("usr/bin/systemctl", "sleep 60\n");
    script("m", "10-ask.sh", "#!/bin/bash\nsystemctl is-active x; echo code $?\n");
    const auto result = live();
    EXPECT_THAT(result.output + result.error,
                HasSubstr("the host did not answer 'systemctl is-active x' within 10 s"));
    EXPECT_THAT(result.output + result.error, HasSubstr("code 124"));
}

TEST_F(Guarded, WhoeverTalksNonsenseToTheBrokerIsHungUpOn) {
    script("m", "10-x.sh",
           "#!/bin/bash\nls -l /run/disco-broker/socket\nrm /run/disco-broker/socket\nsystemctl restart "
           "x\necho code $?\n");
    const auto result = live();
    EXPECT_THAT(result.output + result.error, HasSubstr("the sandbox's broker does not answer"));
    EXPECT_THAT(result.output + result.error, HasSubstr("code 126"));
}

struct CoverRow {
    const char *name, *script;
    bool refused;
};
class Covers : public Guarded, public testing::WithParamInterface<CoverRow> {};

TEST_P(Covers, WhatTheRunWritesBelowAMount) {
    command("usr/bin/mount", "echo \"mount $*\" >> /var/log/asked\n");
    fs::create_directories(root() / "data/sub");
    script("m", "10-x.sh", std::string{"#!/bin/bash\nset -e\n"} + GetParam().script);
    for (const auto& result : {noop(), live()}) {
        EXPECT_EQ(result.exit, GetParam().refused ? 4 : 0) << result.output << result.error;
        if (GetParam().refused) {
            EXPECT_THAT(result.output + result.error,
                        HasSubstr("and would hide '/data/f', which this run writes"));
        }
    }
    EXPECT_EQ(asked().empty(), GetParam().refused);
}

INSTANTIATE_TEST_SUITE_P(
    Mounts, Covers,
    testing::Values(CoverRow{"written_afterwards", "mount -t tmpfs none /data; echo x > /data/f", true},
                    CoverRow{"written_before", "echo x > /data/f; mount -t tmpfs none /data", true},
                    CoverRow{"made_and_written",
                             "rmdir /data/sub /data; mkdir /data; mount -t tmpfs none /data; "
                             "echo x > /data/f",
                             true},
                    CoverRow{"by_a_relative_path", "cd /; mount -t tmpfs none data; echo x > /data/f", true},
                    CoverRow{"deferred", "disco-defer mount -t tmpfs none /data; echo x > /data/f", true},
                    CoverRow{"elsewhere", "mount -t tmpfs none /data/sub; echo x > /data/f", false},
                    CoverRow{"only_made", "mkdir /data/new; mount -t tmpfs none /data/new", false},
                    CoverRow{"remounted", "mount -o remount,ro /data; echo x > /data/f", false}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::tests
