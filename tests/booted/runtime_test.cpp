// The machine's own /run in a view, and what scripts make there.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

using Runtime = BootedTest;

TEST_F(Runtime, ScriptsSeeTheMachinesOwn) {
    prepare(Machine::disco, "mkdir -p /run/seen && echo once > /run/seen/file");
    const auto result = exec({"--noop"}, "ls -d /run/systemd/system && cat /run/seen/file");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("/run/systemd/system\nonce\n"));
    prepare(Machine::disco, "rm -r /run/seen");
}

TEST_F(Runtime, ItsSocketsAndFifosLeadNowhere) {
    prepare(Machine::disco, "mkfifo /run/pipe; test -S /run/dbus/system_bus_socket");
    const auto result = exec({"--noop"}, "timeout 5 busctl list; echo bus $?; (echo x > /run/pipe) & sleep "
                                         "0.2; timeout 1 cat /run/pipe; echo cat $?");
    EXPECT_THAT(result.output + result.error, HasSubstr("bus 1\n"));
    EXPECT_EQ(answer(Machine::disco, "timeout 0.3 cat /run/pipe"), "exit 124, signal 0\n");
    prepare(Machine::disco, "rm /run/pipe");
}

TEST_F(Runtime, MountsBelowItAreHidden) {
    prepare(Machine::disco,
            "mkdir -p /run/user/7 && mount -t tmpfs none /run/user/7 && echo secret > /run/user/7/key");
    const auto result =
        exec({"--noop"}, "ls -A /run/user/7; cat /run/user/7/key; ls -A /run/lock; touch /run/lock/x");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, Not(HasSubstr("secret")));
    prepare(Machine::disco, "umount /run/user/7; rmdir /run/user/7; test ! -e /run/lock/x");
}

TEST_F(Runtime, ANoopLeavesNothingThere) {
    const auto result =
        exec({"--noop", "--detailed-exitcode"}, "mkdir -p /run/made/deep; echo x > /run/made/deep/file");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("runtime directory, put in place after the merge: /run/made\n"));
    EXPECT_THAT(result.output, Not(HasSubstr("/run/made/deep")));
    EXPECT_EQ(answer(Machine::disco, "test -e /run/made"), "exit 1, signal 0\n");
}

TEST_F(Runtime, FilesArePutInPlaceBeforeTheActions) {
    const std::string lines = "set -e; mkdir -m 0750 /run/app; chgrp adm /run/app; echo 1 > /run/app/conf; "
                              "echo 2 > /run/app/x.pid; echo 3 > /run/app/x.lock; ln -s conf /run/app/link; "
                              "mkfifo /run/app/fifo; mkdir -p /run/lock/app; echo more >> /run/known";
    prepare(Machine::disco, "echo first > /run/known");
    const auto result =
        exec({"--merge"}, lines + "; disco-defer sh -c 'cat /run/app/conf > /run/app/by-action'");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(answer(Machine::disco,
                     "stat -c '%a %G' /run/app; cat /run/app/by-action; readlink /run/app/link; cat "
                     "/run/known; ls -A /run/app | sort | tr '\\n' ' '; ls -A /run/lock | grep -c app"),
              "750 adm\n1\nconf\nfirst\nmore\nby-action conf link 0\nexit 1, signal 0\n");
    prepare(Machine::disco, "rm -r /run/app /run/known");
}

TEST_F(Runtime, LaterModulesSeeWhatEarlierOnesMadeAndRemoved) {
    script("m-a", "10-make.sh",
           "#!/bin/bash\nset -e\nmkdir /run/between\necho a > /run/between/a; echo b > /run/between/b\n");
    module_file("m-b", "requires", "m-a\n");
    script("m-b", "10-look.sh", "#!/bin/bash\nset -e\ntest -e /run/between/a\nrm /run/between/a\n");
    const auto result = dance();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(answer(Machine::disco, "ls /run/between"), "b\n");
    prepare(Machine::disco, "rm -r /run/between");
}

// What is changed there is in memory while a script is at work, also what overlayfs only refers to.
TEST_F(Runtime, ARenamedDirectoryOfTheMachineIsWhole) {
    prepare(Machine::disco, "mkdir -p /run/before/deep; echo kept > /run/before/deep/file");
    const auto result = exec({"--merge"}, "perl -e 'rename \"/run/before\", \"/run/after\" or die $!'; "
                                          "ln /run/after/deep/file /run/after/link; setfattr -n user.a -v 1 "
                                          "/run/after/deep/file; cat /run/after/link");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(answer(Machine::disco, "cat /run/after/deep/file /run/after/link /run/before/deep/file"),
              "kept\nkept\nkept\n");
    prepare(Machine::disco, "rm -r /run/before /run/after");
}

// Names of one file stay that: of the machine's, and from one module to the next.
TEST_F(Runtime, NamesOfOneFileStayTogether) {
    prepare(Machine::disco, "mkdir -p /run/names; echo old > /run/names/a; ln /run/names/a /run/names/b");
    script("m-a", "10-make.sh",
           "#!/bin/bash\nset -e\necho changed >> /run/names/a\ncat /run/names/b\necho c > /run/names/c\n"
           "ln /run/names/c /run/names/d\n");
    module_file("m-b", "requires", "m-a\n");
    script("m-b", "10-look.sh", "#!/bin/bash\nset -e\necho more >> /run/names/d\ncat /run/names/c\n");
    const auto result = dance();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(
        answer(Machine::disco, "cd /run/names; cat b c; [ a -ef b ] && [ c -ef d ] && echo links; ls -A"),
        "old\nchanged\nc\nmore\nlinks\na\nb\nc\nd\n");
    prepare(Machine::disco, "rm -r /run/names");
}

TEST_F(Runtime, ItsOwnModeIsToldOf) {
    const auto result = exec({"--noop"}, "chmod 0711 /run");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("'/run' itself got another owner or mode"));
}

TEST_F(Runtime, WhatCannotBeKeptIsAFailureThatIsReported) {
    const auto result = exec({"--noop"}, "truncate -s 17T /run/much");
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("what the scripts changed in /run cannot be kept"));
}

TEST_F(Runtime, WhatTheMachineHasRemovedIsNoConflict) {
    prepare(Machine::disco, "mkdir -p /run/moving; for i in 1 2 3; do echo $i > /run/moving/$i; done");
    const auto result =
        exec({"--merge"}, "chmod 600 /run/moving/1; disco-defer rm -rf /run/moving; rm /run/moving/2");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output,
                HasSubstr("'/run/moving/2' was removed by a script, and stays on the machine"));
    EXPECT_EQ(answer(Machine::disco, "test -e /run/moving"), "exit 1, signal 0\n");
}

} // namespace
} // namespace disco::tests
