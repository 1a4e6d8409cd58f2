// What modules hold and their scripts do that is wrong: refused with a message that says what, where and why;
// nothing is changed.

#include "runner/sys/error.hpp"
#include "tests/support/bad_input.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

using BadModule = BadInput;

TEST_F(BadModule, EmptyModuleIsInSync) {
    fs::create_directories(universe() / "modules/m");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(module_of(last_report(), "m").at("outcome"), "in-sync");
}

TEST_F(BadModule, FilesThatAreSocketsOrDevices) {
    module_file("m", "files/etc/fine", "x\n");
    want("m");
    ASSERT_EQ(::mknod(in_module("files/etc/pipe").c_str(), S_IFIFO | 0644, 0), 0);
    ASSERT_EQ(::mknod(in_module("files/etc/device").c_str(), S_IFCHR | 0644, makedev(1, 3)), 0);
    ASSERT_EQ(::mknod(in_module("files/etc/socket").c_str(), S_IFSOCK | 0644, 0), 0);
    expect_refusal(78, {"files/etc/pipe", "files/etc/device", "files/etc/socket"});
}

TEST_F(BadModule, FilesThatAreSetUid) {
    module_file("m", "files/usr/bin/su", "x\n", 04755);
    want("m");
    expect_refusal(78, {"files/usr/bin/su", "set-id bit"});
}

TEST_F(BadModule, NamesThatNobodyCanRead) {
    module_file("m", "files/etc/new\nline", "x\n");
    module_file("m", "files/etc/bad\xff", "x\n");
    want("m");
    expect_refusal(78, {R"(new\nline)", R"(bad\377)"});
}

TEST_F(BadModule, FileInTheWayOfADirectory) {
    module_file("m", "files/etc/motd/below", "x\n");
    want("m");
    expect_refusal(4, {"/etc/motd"});
}

struct TemplateRow {
    const char* name;
    const char* text;
    const char* says;
};
class BadTemplate : public BadInput, public testing::WithParamInterface<TemplateRow> {};

TEST_P(BadTemplate, FailsTheModuleAndReplacesNothing) {
    module_file("m", "templates/etc/motd", GetParam().text);
    want("m");
    expect_refusal(4, {"templates/etc/motd", GetParam().says});
}

INSTANTIATE_TEST_SUITE_P(
    Every, BadTemplate,
    testing::Values(TemplateRow{"prints_nothing", "true", "printed nothing"},
                    TemplateRow{"prints_a_nul", "printf 'a\\0b'", "NUL"},
                    TemplateRow{"prints_200_mb", "dd if=/dev/zero bs=1M count=200 | tr '\\0' x", "16 MiB"},
                    TemplateRow{"fails", "echo half; exit 5", "exited with 5"},
                    TemplateRow{"is_killed", "echo half; kill -TERM $$", "SIGTERM"},
                    TemplateRow{"reads_an_unknown_parameter", "echo \"port = $(disco-param get no/such)\"",
                                "no parameter 'no/such'"},
                    TemplateRow{"reads_a_tree", "echo \"$(disco-param get modules)\"", "'modules' is a tree"},
                    TemplateRow{"mistypes_a_verb", "echo \"$(disco-param gte modules)\"",
                                "usage: disco-param"},
                    TemplateRow{"mistypes_a_command", "echo \"port = $(disco-parm get no/such)\"",
                                "there is no command 'disco-parm'"},
                    TemplateRow{"calls_what_it_may_not", "echo \"port = $(setsid true)\"",
                                "it calls 'setsid true', which is not on the list"},
                    TemplateRow{"calls_what_it_may_not_and_goes_on", "echo \"$(setsid true || :)\"",
                                "a line `setsid` in a file in /etc/disco/policy/restricted.d"},
                    TemplateRow{"mistypes_a_command_in_a_pipe", "echo 80 | disco-parm x 2>&1 | cat; echo b",
                                "there is no command 'disco-parm'"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(BadModule, AMissingParameterFailsWhoAsksForIt) {
    module_file("m", "templates/etc/first", "echo 1");
    module_file("m", "templates/etc/second", "echo \"$(disco-param get site/prot || echo 80)\"");
    module_file("m", "templates/etc/third", "echo 3");
    want("m");
    expect_refusal(4, {"templates/etc/second cannot do its work: disco-param: no parameter 'site/prot'",
                       "disco-param has KEY"});
    fs::remove_all(in_module("templates"));
    for (const char* text :
         {"#!/bin/bash\necho \"port = $(disco-param get site/prot)\" > /etc/new\n",
          "#!/bin/sh\necho \"port = $(disco-param get site/prot)\" > /etc/new\n",
          "#!/bin/bash\nport=$(bash -c 'disco-param get site/prot' 2>/dev/null) || port=80\necho $port > "
          "/etc/new\n",
          "#!/usr/bin/env bash\nset -u\nx=$(PATH=/bin; disco-param get site/prot)\nmkdir -p /srv/$x\n"}) {
        script("m", "10-x", text);
        expect_refusal(4, {"scripts/10-x cannot do its work: disco-param: no parameter 'site/prot'"});
    }
    script("m", "10-x", "touch /etc/done\n");
    module_file("m", "checks/10-x", "echo \"$(disco-param get site/prot)\"\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 6);
    EXPECT_THAT(result.output, HasSubstr("checks/10-x cannot do its work: disco-param: no parameter"));
}

TEST_F(BadModule, AParameterThatMayBeMissingCanBeAskedFor) {
    parameter("web1", "site/port", "80\n");
    script("m", "10-x",
           "#!/bin/bash\n{ disco-param get -d 443 site/prot\ndisco-param has site/prot || echo none\n"
           "disco-param has site && disco-param has site/port && disco-param get web1/site/port\n"
           "disco-param get web1/current_module; disco-param get $(hostname)/site/port\n"
           "disco-param has $(hostname)/site && disco-param keys $(hostname)/site\n"
           "HOSTNAME=other; disco-param get -d no $(hostname)/site/port; } > /etc/new\n"
           "stat -c '%a %U %n' /var/lib/disco/parameters/web1 /var/lib/disco/parameters/web1/site "
           "/var/lib/disco/parameters/web1/site/port > /etc/modes\n");
    module_file("m", "templates/etc/t",
                "disco-param get $(hostname)/site/port; disco-param get -d x site/prot");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/new"), "443\nnone\n80\nm\n80\nport\n80\n");
    EXPECT_EQ(read("etc/t"), "80\nx\n");
    EXPECT_EQ(read("etc/modes"), "700 root /var/lib/disco/parameters/web1\n"
                                 "700 root /var/lib/disco/parameters/web1/site\n"
                                 "600 root /var/lib/disco/parameters/web1/site/port\n");
}

struct ScriptRow {
    const char* name;
    const char* text;
    int exit;
    const char* says;
    int timeout = 3; ///< seconds
};
class BadScript : public BadInput, public testing::WithParamInterface<ScriptRow> {};

TEST_P(BadScript, EndsAndIsReported) {
    module_file("m", "sandbox", "profile simulate\ntimeout " + std::to_string(GetParam().timeout) + "\n");
    script("m", "10-x.sh", std::string{"#!/bin/bash\necho x > /etc/new\n"} + GetParam().text);
    want("m");
    const Snapshot before = root_snapshot();
    const auto result = GetParam().exit == 0 ? noop() : live();
    EXPECT_EQ(result.exit, GetParam().exit) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr(GetParam().says));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

INSTANTIATE_TEST_SUITE_P(
    Every, BadScript,
    testing::Values(ScriptRow{"is_killed_by_a_signal", "kill -SEGV $$", 4, "SIGSEGV"},
                    ScriptRow{"kills_its_init", "kill -9 1; kill -9 -1; exit 3", 4, "10-x.sh"},
                    ScriptRow{"runs_too_long", "while :; do :; done", 4, "3 s"},
                    ScriptRow{"ignores_the_end", "trap '' TERM INT HUP; sleep 1000 & wait", 4, "3 s"},
                    ScriptRow{"closes_its_stdout", "exec >&- 2>&-; echo lost; exit 7", 4, "exited with 7"},
                    ScriptRow{"stops_itself", "kill -STOP $$", 4, "3 s"},
                    ScriptRow{"leaves_processes", "sleep 1000 & disown; exit 0", 0, "left running"},
                    ScriptRow{"has_no_such_interpreter", "exit 1", 4, "10-x.sh"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(BadModule, ScriptWithAnUnknownInterpreter) {
    script("m", "10-x.sh", "#!/no/such/interpreter\n");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("/no/such/interpreter"));
}

TEST_F(BadModule, ScriptThatFillsTheScratchSpace) {
    // A state directory on a small file system of its own: nothing but this run is harmed.
    const fs::path small = place() / "small";
    fs::create_directory(small);
    ASSERT_EQ(::system(("mount -t tmpfs -o size=24m disco-small " + small.string()).c_str()), 0);
    script("m", "10-x.sh", "#!/bin/bash\ndd if=/dev/zero of=/srv/big bs=1M count=200 || exit 9\n");
    want("m");
    const Snapshot before = root_snapshot();
    const auto result = disco(
        {"dance", "--server", server, "--node", node, "--root", root(), "--state-dir", small / "state"});
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    EXPECT_THAT(result.output + result.error,
                testing::AnyOf(HasSubstr("No space left"), HasSubstr("scratch")));
    EXPECT_EQ(difference(before, root_snapshot()), "");
    EXPECT_TRUE(fs::is_empty(small / "state/scratch"));
    EXPECT_EQ(::system(("umount " + small.string()).c_str()), 0);
}

} // namespace
} // namespace disco::tests
