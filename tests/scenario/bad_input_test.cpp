// What is wrong is refused with a message that says what, where and why; nothing is changed.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class BadInput : public DanceTest {
protected:
    /// Runs it both ways: each ends with `exit`, says all of `words`, and changes nothing.
    void expect_refusal(int exit, const std::vector<std::string>& words,
                        const std::vector<std::string>& more = {}) {
        const Snapshot before = root_snapshot();
        for (const bool dry : {true, false}) {
            const auto result = dry ? noop(more) : live(more);
            EXPECT_EQ(result.exit, exit) << result.output << result.error;
            for (const std::string& word : words)
                EXPECT_THAT(result.output + result.error, HasSubstr(word)) << (dry ? "noop" : "live");
            EXPECT_EQ(difference(before, root_snapshot()), "");
        }
    }
    fs::path in_module(const std::string& path) const { return universe() / "modules/m" / path; }
};

TEST_F(BadInput, NotRoot) {
    const fs::path copy = place() / "disco-run"; // the build tree may be nobody's to enter
    fs::copy_file(disco_binary(), copy);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(1);
        const int log = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(log, 2);
        ::execl(copy.c_str(), "disco-run", "--noop", nullptr);
        ::_exit(126);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 77);
}

TEST_F(BadInput, UnknownNode) {
    node = "nobody";
    expect_refusal(78, {"node 'nobody'", server});
}

TEST_F(BadInput, NodeNameWithSlash) {
    node = "../web1";
    expect_refusal(78, {"'../web1'"});
}

TEST_F(BadInput, ModuleNameWithDots) {
    expect_refusal(78, {"'..'"}, {"--module", ".."});
    expect_refusal(78, {"'a/b'"}, {"--module", "a/b"});
}

TEST_F(BadInput, MissingModuleNamesWhoNeedsIt) {
    module_file("m", "requires", "after nothere\n");
    want("m");
    expect_refusal(78, {"nothere", "'m'"});
}

TEST_F(BadInput, CycleIsAChain) {
    module_file("a", "requires", "after b\n");
    module_file("b", "requires", "after c\n");
    module_file("c", "requires", "after a\n");
    want("a");
    expect_refusal(78, {"a", "b", "c", "cycle"});
}

TEST_F(BadInput, BadRequiresLineHasFileAndLine) {
    module_file("m", "requires", "# fine\n\nafter a b c\n");
    want("m");
    expect_refusal(78, {"modules/m/requires:3"});
}

TEST_F(BadInput, BadAttributesLineHasFileAndLine) {
    module_file("m", "attributes", "0644 root:root etc/x\n99999 root etc/x\n");
    module_file("m", "files/etc/x", "x\n");
    want("m");
    expect_refusal(78, {"attributes:2"});
}

TEST_F(BadInput, BadSandboxLineHasFileAndLine) {
    module_file("m", "sandbox", "timeout soon\n");
    want("m");
    module_file("m", "files/etc/x", "x\n");
    expect_refusal(78, {"sandbox:1", "soon"});
}

/// Whoever mends a universe wants to know all of it.
TEST_F(BadInput, FaultsOfAllModulesAreToldAtOnce) {
    module_file("a", "script/10-x", "x\n");
    module_file("a", "attributes", "0640 root:root\n\n0999 - etc/x\n");
    module_file("b", "files/tmp/x", "x\n");
    module_file("b", "parameters/disco/client/timeout", "1\n");
    module_file("m", "sandbox", "timeout soon\n");
    for (const char* name : {"a", "b", "m"}) want(name);
    expect_refusal(78, {"modules/a/script means nothing", "modules/a/attributes:1: ",
                        "modules/a/attributes:3: ", "files/tmp/x cannot be delivered",
                        "modules/b/parameters/disco/client/timeout", "modules/m/sandbox:1: "});
    module_file("a", "requires", "with x\n");
    module_file("b", "requires", "after\n");
    expect_refusal(78, {"modules/a/requires:1: ", "modules/b/requires:1: "});
}

TEST_F(BadInput, WhatIsOfNoUseIsTold) {
    module_file("m", "files/etc/key", "k\n");
    module_file("m", "attributes", "0600 root:root etc/kye\n");
    module_file("m", "notes", "x\n");
    want("m");
    for (int times = 0; times < 2; ++times) {
        const auto result = live();
        EXPECT_EQ(result.exit, 0) << result.error;
        EXPECT_THAT(result.error, AllOf(HasSubstr("modules/m/attributes:1: 'etc/kye' matches no file"),
                                        HasSubstr("modules/m/notes is not used")));
    }
}

TEST_F(BadInput, AParameterIsNoValueAndTreeAtOnce) {
    module_file("m", "files/etc/x", "x\n");
    module_file("m", "parameters/site/port", "80\n");
    want("m");
    parameter("web1", "site", "x\n");
    expect_refusal(78, {"parameter 'site'", "'modules/m/parameters/site'", "'parameters/web1/site'"});
    fs::remove(universe() / "parameters/web1/site");
    parameter("web1", "site/port/x", "1\n");
    expect_refusal(
        78, {"parameter 'site/port'", "'modules/m/parameters/site/port'", "'parameters/web1/site/port"});
}

/// Once each of them changed it again in every dance.
TEST_F(BadInput, TwoModulesDeliverOneFileDifferently) {
    for (const char* name : {"a", "b"}) {
        module_file(name, "files/etc/x", "x\n");
        want(name);
    }
    ASSERT_EQ(live().exit, 0) << "what is equal is fine";
    module_file("b", "files/etc/x", "y\n");
    const std::string both = "modules 'a' (files/etc/x) and 'b' (files/etc/x) deliver /etc/x ";
    expect_refusal(4, {both + "with different contents"});
    module_file("b", "files/etc/x", "x\n", 0600);
    expect_refusal(4, {both + "with different modes (0644 and 0600)"});
    module_file("b", "attributes", "- root:www-data etc/x\n");
    expect_refusal(4, {both + "with different groups"});
    module_file("a", "attributes", "0600 root:www-data etc/x\n");
    EXPECT_EQ(live().exit, 0) << "what one of them keeps is no difference";
    fs::remove_all(universe() / "modules/b/files");
    fs::create_directories(universe() / "modules/b/files/etc");
    fs::create_symlink("motd", universe() / "modules/b/files/etc/x");
    expect_refusal(4, {both + "as a file and as a symlink"});
    fs::remove_all(universe() / "modules/b/files");
    module_file("b", "templates/etc/x", "echo y");
    expect_refusal(4, {"'a' (files/etc/x) and 'b' (templates/etc/x) deliver /etc/x with different contents"});
    module_file("b", "templates/etc/x", "echo x");
    EXPECT_EQ(live().exit, 0);
}

TEST_F(BadInput, ANodeWithoutModulesIsTold) {
    const auto result = live();
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(result.error,
                AllOf(HasSubstr("node 'web1' wants no modules"), HasSubstr("parameters/web1/modules/NAME")));
}

TEST_F(BadInput, FilesThatDiscoReadsAreRegular) {
    module_file("m", "files/etc/x", "x\n");
    want("m");
    for (const char* name : {"attributes", "sandbox", "requires"}) {
        fs::create_symlink("/etc/passwd", in_module(name));
        const auto result = noop();
        EXPECT_EQ(result.exit, 78) << name;
        EXPECT_THAT(result.output + result.error,
                    AllOf(HasSubstr("modules/m/" + std::string{name} + " is no regular file"),
                          testing::Not(HasSubstr("root:"))));
        fs::remove(in_module(name));
        ASSERT_EQ(::mknod(in_module(name).c_str(), S_IFIFO | 0644, 0), 0);
        expect_refusal(78, {"modules/m/" + std::string{name} + " is no regular file"});
        fs::remove(in_module(name));
    }
}

TEST_F(BadInput, UnreadableUniverse) {
    server = place() / "nothing";
    expect_refusal(78, {"nothing"});
}

TEST_F(BadInput, RootThatIsNone) {
    const auto result = disco({"dance", "--noop", "--server", server, "--node", node, "--state-dir", state(),
                               "--root", root() / "etc/motd"});
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.output + result.error, HasSubstr("not a directory"));
}

/// A module is what the server says of it, and what fetches it is run as root.
TEST_F(BadInput, AModuleHasNoSayInTheClientsSettings) {
    module_file("m", "files/etc/x", "x\n");
    module_file("m", "parameters/disco/client/cmds/rsync",
                "sh -c 'id > " + (place() / "pwned").string() + "; exec rsync \"$@\"' sh\n");
    want("m");
    for (int times = 0; times < 2; ++times)
        expect_refusal(78, {"modules/m/parameters/disco/client/cmds/rsync", "disco param set"});
    EXPECT_FALSE(fs::exists(place() / "pwned"));
    fs::remove_all(in_module("parameters/disco"));
    module_file("m", "parameters/disco/client/timeout", "1\n");
    expect_refusal(78, {"modules/m/parameters/disco/client/timeout"});
}

TEST_F(BadInput, TheServerDoesNotSayWhatFetchesIt) {
    module_file("m", "files/etc/x", "x\n");
    want("m");
    parameter("web1", "disco/client/cmds/rsync", "sh -c 'id > " + (place() / "pwned").string() + "' sh\n");
    for (int times = 0; times < 2; ++times) {
        const auto result = noop();
        EXPECT_EQ(result.exit, 0) << result.error;
        EXPECT_THAT(result.error,
                    HasSubstr("disco/client/cmds/rsync comes from the server and does not count"));
    }
    EXPECT_FALSE(fs::exists(place() / "pwned"));
}

TEST_F(BadInput, AModuleGetsNoMoreNetworkThanTheMachineGives) {
    script("m", "10-net", "#!/bin/bash\nreadlink /proc/self/ns/net > /etc/namespace\n");
    module_file("m", "sandbox", "network host\n");
    want("m");
    expect_refusal(78, {"modules/m/sandbox", "`network host`", "--network host"});
    expect_refusal(78, {"modules/m/sandbox", "`network host`"}, {"--network", "isolated"});
    expect_refusal(78, {"modules/m/sandbox", "`network host`"}, {"--network", "egress"});
    module_file("m", "sandbox", "network egress\n");
    expect_refusal(78, {"modules/m/sandbox", "`network egress`", "`isolated` at most"},
                   {"--network", "isolated"});
    module_file("m", "sandbox", "network host\n");
    parameter("web1", "disco/client/network", "host\n");
    expect_refusal(78, {"disco/client/network", "only this machine"});
    fs::remove(universe() / "parameters/web1/disco/client/network");
    ASSERT_EQ(live({"--network", "host"}).exit, 0);
    EXPECT_EQ(read("etc/namespace"), fs::read_symlink("/proc/self/ns/net").string() + "\n");
    ASSERT_EQ(
        disco({"param", "set", "--state-dir", state(), "--node", node, "disco/client/network", "host"}).exit,
        0);
    EXPECT_EQ(live().exit, 0);
}

/// Once it looped for ever.
TEST_F(BadInput, StateOnWhatKeepsNoFiles) {
    const fs::path readonly = place() / "readonly";
    fs::create_directory(readonly);
    ASSERT_EQ(::mount("none", readonly.c_str(), "tmpfs", MS_RDONLY, nullptr), 0);
    struct Row {
        std::string place, word;
    };
    for (const Row& row : {Row{"/proc/x", "proc"}, Row{"/proc/self/a/b", "proc"}, Row{"/sys/x/y", "sysfs"},
                           Row{readonly / "x", "read-only"}, Row{readonly, "read-only"}}) {
        const std::vector<std::vector<std::string>> commands = {
            {"dance", "--noop", "--server", server, "--node", node, "--root", root()},
            {"dance", "--server", server, "--node", node, "--root", root()},
            {"exec", "--noop", "--root", root()},
            {"rollback"},
            {"recover"},
            {"param", "set", "a", "b"}};
        for (std::vector<std::string> words : commands) {
            words.insert(words.begin() + (words[0] == "param" ? 2 : 1), {"--state-dir", row.place});
            if (words[0] == "exec") words.insert(words.end(), {"--", "true"});
            const auto result = disco(words);
            EXPECT_EQ(result.exit, 78) << words[0] << " " << row.place << result.error;
            EXPECT_THAT(result.error,
                        AllOf(HasSubstr(row.place), HasSubstr(row.word), HasSubstr("--state-dir")))
                << words[0];
        }
    }
    ASSERT_EQ(::umount(readonly.c_str()), 0);
}

TEST_F(BadInput, EmptyModuleIsInSync) {
    fs::create_directories(universe() / "modules/m");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(module_of(last_report(), "m").at("outcome"), "in-sync");
}

TEST_F(BadInput, FilesThatAreSocketsOrDevices) {
    module_file("m", "files/etc/fine", "x\n");
    want("m");
    ASSERT_EQ(::mknod(in_module("files/etc/pipe").c_str(), S_IFIFO | 0644, 0), 0);
    ASSERT_EQ(::mknod(in_module("files/etc/device").c_str(), S_IFCHR | 0644, makedev(1, 3)), 0);
    ASSERT_EQ(::mknod(in_module("files/etc/socket").c_str(), S_IFSOCK | 0644, 0), 0);
    expect_refusal(78, {"files/etc/pipe", "files/etc/device", "files/etc/socket"});
}

TEST_F(BadInput, FilesThatAreSetUid) {
    module_file("m", "files/usr/bin/su", "x\n", 04755);
    want("m");
    expect_refusal(78, {"files/usr/bin/su", "set-id bit"});
}

TEST_F(BadInput, NamesThatNobodyCanRead) {
    module_file("m", "files/etc/new\nline", "x\n");
    module_file("m", "files/etc/bad\xff", "x\n");
    want("m");
    expect_refusal(78, {R"(new\nline)", R"(bad\377)"});
}

TEST_F(BadInput, FileInTheWayOfADirectory) {
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

TEST_F(BadInput, AMissingParameterFailsWhoAsksForIt) {
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

TEST_F(BadInput, AParameterThatMayBeMissingCanBeAskedFor) {
    parameter("web1", "site/port", "80\n");
    script("m", "10-x",
           "#!/bin/bash\n{ disco-param get -d 443 site/prot\ndisco-param has site/prot || echo none\n"
           "disco-param has site && disco-param has site/port && disco-param get web1/site/port\n"
           "disco-param get web1/current_module; } > /etc/new\n"
           "stat -c '%a %U %n' /var/lib/disco/parameters/web1 /var/lib/disco/parameters/web1/site "
           "/var/lib/disco/parameters/web1/site/port > /etc/modes\n");
    module_file("m", "templates/etc/t", "disco-param get web1/site/port; disco-param get -d x site/prot");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/new"), "443\nnone\n80\nm\n");
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

TEST_F(BadInput, ScriptWithAnUnknownInterpreter) {
    script("m", "10-x.sh", "#!/no/such/interpreter\n");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("/no/such/interpreter"));
}

TEST_F(BadInput, ScriptThatFillsTheScratchSpace) {
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

TEST_F(BadInput, UsageErrorsNameTheOption) {
    const auto unknown = disco({"dance", "--frobnicate"});
    EXPECT_EQ(unknown.exit, 64);
    EXPECT_THAT(unknown.error, HasSubstr("--frobnicate"));
    const auto both = disco({"exec", "--noop", "--merge", "--", "true"});
    EXPECT_EQ(both.exit, 64);
    const auto none = disco({});
    EXPECT_EQ(none.exit, 64);
}

} // namespace
} // namespace disco::tests
