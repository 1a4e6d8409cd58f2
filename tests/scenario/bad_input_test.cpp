// What is wrong is refused with a message that says what, where and why; nothing is changed.

#include "runner/sys/error.hpp"
#include "tests/support/bad_input.hpp"
#include "tests/support/build_tree.hpp"

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
    fs::remove_all(universe() / "parameters/web1/site");
    ASSERT_EQ(live().exit, 0);
    const auto set = [&](const std::string& key) {
        return disco({"param", "set", "--state-dir", state(), "--node", node, key, "x"});
    };
    for (const char* key : {"site", "site/port/x"}) {
        const auto refused = set(key);
        EXPECT_EQ(refused.exit, 78) << key;
        EXPECT_THAT(refused.error,
                    AllOf(HasSubstr("parameter 'site"), HasSubstr("'modules/m/parameters/site"),
                          HasSubstr(state().string() + "/parameters/web1/site")));
    }
    EXPECT_EQ(set("site/port").exit, 0);
    EXPECT_EQ(set("site/host").exit, 0);
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

TEST_F(BadInput, TwoModulesDeliverOneFileThroughALink) {
    fs::create_directories(root() / "usr/lib/there");
    fs::create_directory_symlink("usr/lib/there", root() / "by");
    fs::create_directory_symlink("/by", root() / "over");
    for (const char* name : {"a", "b", "c"}) want(name);
    module_file("a", "files/over/sub/x", "x\n");
    module_file("b", "files/usr/lib/there/sub/x", "y\n");
    module_file("c", "files/sub/x", "z\n");
    expect_refusal(4, {"modules 'a' (files/over/sub/x) and 'b' (files/usr/lib/there/sub/x) deliver "
                       "/usr/lib/there/sub/x with different contents"});
    module_file("b", "files/usr/lib/there/sub/x", "x\n");
    EXPECT_EQ(live().exit, 0);
}

/// A user's own, too: it is the module that cannot be delivered, not the run that ends.
TEST_F(BadInput, ALinkThatLeadsNowhereFailsTheModuleThatDeliversThere) {
    fs::create_directories(root() / "home/alice");
    fs::create_symlink("data", root() / "home/alice/data");
    for (const char* name : {"a", "b"}) want(name);
    module_file("a", "files/etc/x", "x\n");
    module_file("b", "files/home/alice/data/x", "x\n");
    expect_refusal(4, {"files/home/alice/data"});
    EXPECT_EQ(module_of(last_report(), "a").at("outcome"), "changed");
    EXPECT_EQ(module_of(last_report(), "b").at("outcome"), "failed");
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

TEST_F(BadInput, UsageErrorsNameTheOption) {
    const auto unknown = disco({"dance", "--frobnicate"});
    EXPECT_EQ(unknown.exit, 64);
    EXPECT_THAT(unknown.error, HasSubstr("--frobnicate"));
    const auto both = disco({"exec", "--noop", "--merge", "--", "true"});
    EXPECT_EQ(both.exit, 64);
    const auto none = disco({});
    EXPECT_EQ(none.exit, 64);
    for (const char* option : {"--node", "--root", "--server", "--state-dir"}) {
        const auto empty = disco({"dance", "--noop", option, ""});
        EXPECT_EQ(empty.exit, 64) << option << empty.output;
        EXPECT_THAT(empty.error, AllOf(HasSubstr(option), HasSubstr("empty")));
    }
}

} // namespace
} // namespace disco::tests
