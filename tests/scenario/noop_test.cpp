// What a no-op tells, and that it leaves the live root alone whatever a module does.

#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

struct ModuleRow {
    const char* name;
    const char* script; ///< runs unrestricted, so that it can try everything
    int exit;
};

/// Modules that do their worst to the root; a no-op leaves no trace of any.
class AnyModule : public DanceTest, public testing::WithParamInterface<ModuleRow> {};

TEST_P(AnyModule, LeavesTheLiveRootAsItWas) {
    module_file("m", "sandbox", "profile simulate\ntimeout 60\n");
    script("m", "10-x.sh", std::string{"#!/bin/bash\n"} + GetParam().script);
    want("m");
    const Snapshot before = root_snapshot();
    const auto result = noop();
    EXPECT_EQ(difference(before, root_snapshot()), "");
    EXPECT_EQ(result.exit, GetParam().exit) << result.output << result.error;
}

INSTANTIATE_TEST_SUITE_P(
    Noop, AnyModule,
    testing::Values(
        ModuleRow{"nothing", "true", 0}, ModuleRow{"writes", "echo x > /etc/new; echo y >> /etc/motd", 0},
        ModuleRow{"removes_everything", "rm -rf --one-file-system /etc /home /srv /var/log; true", 0},
        ModuleRow{"changes_metadata",
                  "chmod 777 /etc; chown 33:33 /etc/shadow; touch -d 2001-01-01 /etc/motd", 0},
        ModuleRow{"renames_directories", "mv /etc /etc2 && mkdir /etc", 0},
        ModuleRow{"replaces_kinds", "rm /etc/motd; mkdir /etc/motd; rmdir /home; ln -s /etc /home", 0},
        ModuleRow{"makes_links", "ln /etc/motd /srv/hard; ln -s / /srv/soft", 0},
        ModuleRow{"makes_devices", "mknod /srv/null c 1 3; mkfifo /srv/fifo", 0},
        ModuleRow{"fails_after_changes", "echo x > /etc/new; exit 3", 4},
        ModuleRow{"is_killed_after_changes", "echo x > /etc/new; kill -9 $$", 4},
        ModuleRow{"leaves_a_daemon", "(setsid sleep 1000 &) ; echo x > /etc/new", 0},
        ModuleRow{"writes_where_nothing_stays", "echo x > /tmp/x; echo x > /run/x; echo x > /dev/shm/x", 0}),
    [](const auto& row) { return std::string{row.param.name}; });

using Noop = DanceTest;

TEST_F(Noop, TellsWhatWouldChange) {
    module_file("m", "sandbox", "profile simulate\n");
    module_file("m", "files/etc/delivered", "d\n");
    script("m", "10-x.sh",
           "#!/bin/bash\n"
           "echo more >> /etc/motd; rm /etc/hostname; chmod 0600 /etc/passwd; rm -r /home; ln -s /srv /home\n"
           "mkdir -p /srv/a; mknod /srv/a/null c 1 3; mkfifo /srv/a/fifo\n"
           "sed -i s/nothing/x/ /etc/group\n"); // copied up, and equal
    want("m");
    const auto result = noop({"--detailed-exitcode"});
    EXPECT_EQ(result.exit, 2) << result.output << result.error;
    const auto report = last_report();
    EXPECT_THAT(changes_of(report, "m"),
                UnorderedElementsAre("created /etc/delivered", "modified /etc/motd", "deleted /etc/hostname",
                                     "metadata /etc/passwd", "replaced /home", "created /srv/a",
                                     "created /srv/a/fifo", "created /srv/a/null"));
    EXPECT_EQ(report.at("run").at("mode"), "noop");
    EXPECT_EQ(report.at("run").at("outcome"), "pending");
    EXPECT_EQ(report.at("run").at("exit_code"), 2);
    EXPECT_EQ(noop().exit, 0); // without --detailed-exitcode
}

TEST_F(Noop, ReportsWhatTheRestrictedShellRefused) {
    script("m", "10-x.sh", "cd /etc\necho x > /etc/new\n/bin/ls\nservice postgresql stop\n");
    put(root() / "usr/sbin/service", "#!/bin/sh\n", 0755);
    want("m");
    const auto result = noop({"--profile", "strict"});
    const auto module = module_of(last_report(), "m");
    std::vector<std::string> kinds;
    for (const auto& notice : module.at("notices")) kinds.push_back(notice.at("kind"));
    EXPECT_THAT(kinds, ElementsAre("restricted", "restricted", "restricted", "would-execute"));
    EXPECT_EQ(module.at("notices")[3].at("argv"),
              (std::vector<std::string>{"service", "postgresql", "stop"}));
    EXPECT_EQ(module.at("notices")[3].at("step"), "scripts/10-x.sh");
    EXPECT_THAT(result.output, HasSubstr("would stop: postgresql"));
    EXPECT_THAT(result.error, HasSubstr("warning: Would execute: service postgresql stop"));
}

TEST_F(Noop, QuotesTheWordsOfWhatItWouldExecute) {
    put(root() / "usr/bin/logger", "#!/bin/sh\n", 0755);
    script("m", "10-x.sh", "logger \"two words\" 'and a $' $'and a\\nnewline'\n");
    want("m");
    (void)noop({"--profile", "strict"});
    const auto module = module_of(last_report(), "m");
    EXPECT_EQ(module.at("notices")[0].at("argv"),
              (std::vector<std::string>{"logger", "two words", "and a $", "and a\nnewline"}));
}

TEST_F(Noop, AllowsReadingCommandsInStrictScripts) {
    script("m", "10-x.sh",
           "cat /etc/motd\ngrep -c root /etc/passwd\nmkdir -p /srv/made\ntouch /srv/made/x\n");
    want("m");
    const auto result = noop();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr("m | Welcome."));
    EXPECT_THAT(changes_of(last_report(), "m"), ElementsAre("created /srv/made", "created /srv/made/x"));
}

TEST_F(Noop, GivesScriptsTheirEnvironmentAndNothingElse) {
    module_file("m", "sandbox", "profile simulate\n");
    script("m", "10-x.sh", "#!/bin/bash\nenv | sort\n");
    want("m");
    (void)noop();
    const std::string output = module_of(last_report(), "m").at("steps").at(0).at("output");
    for (const char* line : {"DISCO_MODULE=m\n", "DISCO_NODE=web1\n", "DISCO_PHASE=script\n",
                             "DISCO_ROOT=/\n", "LC_ALL=C.UTF-8\n", "NOOP=true\n"})
        EXPECT_THAT(output, HasSubstr(line));
    EXPECT_THAT(output, Not(HasSubstr("LEAK")));
}

TEST_F(Noop, GoesOnAfterAFailedModuleAndSkipsWhatNeedsIt) {
    script("a", "10-x.sh", "exit 3\n");
    module_file("b", "requires", "after a\n");
    module_file("b", "files/etc/b", "b\n");
    module_file("c", "files/etc/c", "c\n");
    for (const char* name : {"a", "b", "c"}) want(name);
    const auto result = noop();
    EXPECT_EQ(result.exit, 4);
    const auto report = last_report();
    EXPECT_EQ(module_of(report, "a").at("outcome"), "failed");
    EXPECT_EQ(module_of(report, "b").at("outcome"), "skipped");
    EXPECT_EQ(module_of(report, "c").at("outcome"), "changed");
    EXPECT_THAT(result.output, HasSubstr("scripts/10-x.sh exited with 3"));
}

TEST_F(Noop, LaterModulesSeeWhatEarlierOnesDid) {
    module_file("a", "files/etc/chain", "from a\n");
    module_file("b", "requires", "a # a comment\n");
    module_file("b", "templates/etc/chain2", "echo \"b saw: $(cat /etc/chain)\"");
    module_file("c", "requires", "after b\n");
    script("c", "10-x.sh", "cat /etc/chain2\nrm /etc/chain\n");
    want("c");
    const auto result = noop();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr("c | b saw: from a"));
    const auto report = last_report();
    EXPECT_THAT(changes_of(report, "a"), ElementsAre("created /etc/chain"));
    EXPECT_THAT(changes_of(report, "b"), ElementsAre("created /etc/chain2"));
    EXPECT_THAT(changes_of(report, "c"), ElementsAre("deleted /etc/chain"));
}

TEST_F(Noop, AModuleStartedAheadAndThenSkippedLeavesNothing) {
    // b is made ready while a runs; a fails, so that b is skipped and c is next.
    script("a", "10-x.sh", "exit 1");
    module_file("b", "requires", "after a\n");
    module_file("b", "files/etc/b", "b\n");
    module_file("c", "files/etc/c", "c\n");
    for (const char* module : {"a", "b", "c"}) want(module);
    EXPECT_EQ(noop().exit, 4);
    const auto report = last_report();
    EXPECT_EQ(module_of(report, "b").at("outcome"), "skipped");
    EXPECT_EQ(module_of(report, "c").at("outcome"), "changed");
    EXPECT_THAT(changes_of(report, "c"), testing::ElementsAre("created /etc/c"));
}

TEST_F(Noop, RedactsWhatOthersMayNotRead) {
    module_file("m", "attributes", "0600 root:root etc/secret\n");
    module_file("m", "files/etc/secret", "hunter2\n");
    want("m");
    const auto result = noop({"--diff"});
    EXPECT_THAT(result.output, Not(HasSubstr("hunter2")));
    EXPECT_THAT(last_report().dump(), Not(HasSubstr("hunter2")));
    EXPECT_EQ(module_of(last_report(), "m").at("changes").at(0).at("redacted"), true);
}

TEST_F(Noop, EqualPendingChangesHaveEqualFingerprints) {
    module_file("m", "files/etc/x", "1\n");
    want("m");
    (void)noop();
    const std::string first = last_report().at("fingerprint");
    (void)noop();
    EXPECT_EQ(last_report().at("fingerprint"), first);
    module_file("m", "files/etc/x", "2\n");
    (void)noop();
    EXPECT_NE(last_report().at("fingerprint"), first);
}

TEST_F(Noop, JsonOnStandardOutputIsNothingElse) {
    script("m", "10-x.sh", "echo chatter\n");
    want("m");
    const auto result = noop({"--json", "-"});
    const auto report = nlohmann::json::parse(result.output);
    EXPECT_EQ(report.at("schema"), 1);
    EXPECT_EQ(report, last_report());
    EXPECT_THAT(result.error, HasSubstr("chatter"));
}

} // namespace
} // namespace disco::tests
