// --profile auto: scripts start as strict, and those that need more are repeated as simulate.

#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AutoProfile : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (!IsSkipped()) want("m");
    }
    nlohmann::json module() {
        report = last_report();
        return report.at("modules").at(0);
    }
    std::vector<std::string> profiles() {
        std::vector<std::string> found;
        const auto m = module();
        for (const auto& step : m.at("steps"))
            if (step.at("phase") == "script") found.push_back(step.at("profile"));
        return found;
    }
    std::vector<std::string> paths() {
        std::vector<std::string> found;
        const auto m = module();
        for (const auto& change : m.at("changes")) found.push_back(change.at("path"));
        return found;
    }
    std::vector<std::string> notices() {
        std::vector<std::string> found;
        const auto m = module();
        for (const auto& notice : m.at("notices"))
            found.push_back(notice.at("kind").get<std::string>() + ": " +
                            notice.at("text").get<std::string>());
        return found;
    }
    nlohmann::json report;
};

TEST_F(AutoProfile, WhatTheRestrictedShellRefusesIsSimulated) {
    script("m", "10-plain.sh", "mkdir -p /srv/a\n");
    script("m", "20-more.sh", "cd /srv/a\necho x > file\n");
    const Snapshot before = root_snapshot();
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("strict", "simulate"));
    EXPECT_THAT(paths(), testing::IsSupersetOf({"/srv/a", "/srv/a/file"}));
    EXPECT_THAT(notices(),
                ElementsAre(testing::AllOf(HasSubstr("restricted: restricted shell refused: "),
                                           HasSubstr("cd: restricted"), HasSubstr("(repeated as simulate)")),
                            HasSubstr("restricted: restricted shell refused: ")));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

/// What is shown is what was done, once.
TEST_F(AutoProfile, APassThatIsRepeatedIsNotShown) {
    script("m", "05-first.sh", "echo first said\n");
    script("m", "10-more.sh", "echo before\ncd /etc\nmissing=$(frob)\nsystemctl reload x\necho after\n");
    script("m", "20-last.sh", "echo last said\n");
    put(root() / "usr/bin/frob", "#!/bin/bash\necho frobbed >&2\n", 0755);
    const auto result = noop();
    ASSERT_EQ(result.exit, 0) << result.error;
    const std::string shown = result.output + result.error;
    for (const char* once : {"first said", "before", "after", "frobbed", "last said"})
        EXPECT_EQ(shown.find(once), shown.rfind(once)) << once << "\n" << shown;
    for (const char* never : {"restricted", "Would execute: frob", "repeated as simulate"})
        EXPECT_THAT(shown, testing::Not(HasSubstr(never)));
    EXPECT_THAT(notices(), testing::Contains(HasSubstr("(repeated as simulate)"))); // the record has it
    script("m", "10-more.sh", "cd /srv\n");
    const auto verbose = noop({"--verbose"});
    EXPECT_THAT(verbose.output, HasSubstr("(repeated as simulate)"));
}

TEST_F(AutoProfile, AFailureOfAPassThatIsNotRepeatedIsShown) {
    script("m", "10-x.sh", "echo said\nexit 3\n");
    const auto result = noop();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output + result.error, HasSubstr("said"));
}

TEST_F(AutoProfile, TheVerdictIsRememberedByContent) {
    script("m", "10-more.sh", "cd /etc\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(notices(), testing::SizeIs(1));
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("simulate"));
    EXPECT_THAT(notices(), IsEmpty());
    script("m", "10-more.sh", "cd /etc; true\n"); // another text, another look
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(notices(), testing::SizeIs(1));
}

TEST_F(AutoProfile, ACommandThatIsNotListedIsSimulated) {
    put(root() / "usr/bin/frob", "#!/bin/bash\necho frobbed > /etc/frobbed\n", 0755);
    script("m", "10-more.sh", "frob --all 2>&1\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("simulate"));
    EXPECT_THAT(paths(), ElementsAre("/etc/frobbed"));
    EXPECT_THAT(notices(), ElementsAre("restricted: not on the list of strict scripts' commands: frob --all "
                                       "(repeated as simulate)"));
}

/// What is installed is what the view has.
TEST_F(AutoProfile, ACommandThatAScriptBeforeInstalledIsSimulated) {
    script("m", "10-install.sh", "mkdir -p /usr/sbin\ncp -p /usr/bin/touch /usr/sbin/frob\n");
    script("m", "20-use.sh", "frob /etc/frobbed\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("strict", "simulate"));
    EXPECT_THAT(paths(), testing::IsSupersetOf({"/etc/frobbed", "/usr/sbin/frob"}));
    const auto told = report = last_report();
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(told.at("fingerprint"), last_report().at("fingerprint"));
}

TEST_F(AutoProfile, ACommandThatAnEarlierModuleInstalledIsThere) {
    module_file("m", "files/usr/bin/frob", "#!/bin/bash\ntouch /etc/frobbed\n", 0755);
    script("n", "10-use.sh", "frob\n");
    module_file("n", "requires", "m\n");
    want("n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(changes_of(last_report(), "n"), ElementsAre("created /etc/frobbed"));
    script("n", "10-use.sh", "rm /usr/bin/frob\n");
    script("n", "20-use.sh", "set -e\nfrob\n");
    EXPECT_EQ(noop().exit, 4); // gone again
    EXPECT_EQ(live().exit, 4);
}

TEST_F(AutoProfile, AnAllowedCommandThatAScriptBeforeInstalledIsRun) {
    std::filesystem::remove(root() / "usr/bin/head");
    script("m", "10-install.sh", "cp -p /usr/bin/touch /usr/bin/head\n");
    script("m", "20-use.sh", "head /etc/headed\n");
    EXPECT_EQ(noop({"--profile", "strict"}).exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("strict", "strict"));
    EXPECT_THAT(paths(), testing::Contains("/etc/headed"));
}

TEST_F(AutoProfile, ACommandThatIsNowhereFailsAsInALiveDance) {
    script("m", "10-x.sh", "set -e\nmkdir -p /srv/a\nnosuchcommand --all\n");
    for (const bool dry : {true, false}) {
        const auto result = dry ? noop() : live();
        EXPECT_EQ(result.exit, 4) << result.output << result.error;
        EXPECT_THAT(result.output + result.error, HasSubstr("nosuchcommand: command not found"));
        EXPECT_THAT(result.output, HasSubstr("exited with 127"));
    }
    EXPECT_EQ(noop({"--profile", "strict"}).exit, 4);
    script("m", "10-x.sh", "set -e\ndisco-defer true\ndisco-param keys\n"); // disco's own are there
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("strict"));
    script("m", "10-x.sh", "nosuchcommand || mkdir -p /srv/b\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(paths(), testing::Contains("/srv/b"));
    EXPECT_EQ(live().exit, 0);
}

TEST_F(AutoProfile, AScriptThatFailsOnlyWhenRestrictedSucceeds) {
    script("m", "10-more.sh", "set -e\ncd /srv\nmkdir made\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(paths(), testing::Contains("/srv/made"));
}

TEST_F(AutoProfile, AScriptThatIsNotForAShellIsSimulatedAtOnce) {
    put(root() / "usr/bin/frob", "#!/bin/bash\necho \"frob $*\" > /etc/frobbed\n", 0755);
    script("m", "10-more", "#!/usr/bin/frob\nmkdir /srv/by-bash\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("simulate"));
    EXPECT_THAT(paths(), ElementsAre("/etc/frobbed"));
    EXPECT_THAT(notices(), IsEmpty());
}

TEST_F(AutoProfile, StrictAndSimulateAreAsTheySay) {
    script("m", "10-more.sh", "cd /srv && mkdir made\ntrue\n");
    EXPECT_EQ(noop({"--profile", "strict"}).exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("strict"));
    EXPECT_THAT(paths(), IsEmpty());
    EXPECT_EQ(noop({"--profile", "simulate"}).exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("simulate"));
    EXPECT_THAT(notices(), IsEmpty());
    module_file("m", "sandbox", "profile strict\n");
    EXPECT_EQ(noop({"--profile", "simulate"}).exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("strict")); // the module's own word wins
}

TEST_F(AutoProfile, TheParameterSaysIt) {
    script("m", "10-more.sh", "mkdir -p /srv/made\n");
    parameter("web1", "disco/client/profile", "simulate\n");
    EXPECT_EQ(noop().exit, 0);
    EXPECT_THAT(profiles(), ElementsAre("simulate"));
    parameter("web1", "disco/client/profile", "lax\n");
    const auto result = noop();
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error,
                HasSubstr("parameter disco/client/profile is 'lax', but must be auto, strict or simulate"));
}

TEST_F(AutoProfile, WhatNoopSaysIsWhatLiveDoes) {
    script("m", "10-a.sh", "#!/bin/bash\nfor i in 1 2 3; do echo $i > /etc/n$i; done\n");
    script("m", "20-b.sh", "#!/bin/bash\ncd /etc && ln -s n1 link; sed -i s/1/one/ n1; rm n3\n");
    module_file("m", "templates/etc/t", "cat /etc/motd");
    EXPECT_EQ(noop().exit, 0);
    const auto told = report = last_report();
    EXPECT_EQ(live().exit, 0);
    const auto done = last_report();
    EXPECT_NE(told.at("fingerprint"), "");
    EXPECT_EQ(told.at("fingerprint"), done.at("fingerprint"));
}

} // namespace
} // namespace disco::tests
