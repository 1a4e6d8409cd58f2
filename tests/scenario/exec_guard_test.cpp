// Guarded commands become the shim when they are executed, in whatever way, and are real files otherwise.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ExecGuard : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        // Were one of them run in the sandbox, this would be its output.
        for (const char* path : {"usr/bin/systemctl", "usr/sbin/service", "usr/sbin/nft"})
            put(root() / path, "#!/bin/bash\necho \"real $0 $*\"\n", 0755);
        fs::copy_file(build_tree() / "tests/exec_payload", root() / "usr/local/exec_payload");
    }
    void make_root() override {
        DanceTest::make_root();
        fs::create_directories(root() / "usr/local/bin");
    }
    /// Runs a script in a no-op of one command.
    sys::ProgramResult run(const std::string& text) {
        return disco({"exec", "--noop", "--root", root(), "--state-dir", state(), "--", "bash", "-c", text});
    }
    sys::ProgramResult payload(const std::string& mode, const std::string& count = "1") {
        return disco({"exec", "--noop", "--root", root(), "--state-dir", state(), "--",
                      "/usr/local/exec_payload", mode, "/usr/bin/systemctl", count});
    }
    /// What was asked for, as words in a line.
    std::vector<std::string> asked() {
        std::vector<std::string> lines;
        const auto report = last_report();
        for (const auto& action : report.at("modules").at(0).at("actions")) {
            std::string line;
            for (const std::string word : action.at("argv")) line += (line.empty() ? "" : " ") + word;
            lines.push_back(line);
        }
        return lines;
    }
};

struct WayRow {
    const char *name, *script;
};
class Way : public ExecGuard, public testing::WithParamInterface<WayRow> {};

TEST_P(Way, LeadsToTheShim) {
    const auto result = run(GetParam().script);
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, testing::Not(HasSubstr("real ")));
    EXPECT_THAT(asked(), ElementsAre("systemctl restart x"));
}

INSTANTIATE_TEST_SUITE_P(
    Exec, Way,
    testing::Values(
        WayRow{"by_name", "systemctl restart x"}, WayRow{"by_path", "/usr/bin/systemctl restart x"},
        WayRow{"by_a_linked_directory", "/bin/systemctl restart x"},
        WayRow{"by_exec", "exec systemctl restart x"}, WayRow{"by_dash", "sh -c 'systemctl restart x'"},
        WayRow{"without_environment", "env -i /usr/bin/systemctl restart x"},
        WayRow{"by_a_relative_path", "cd /usr/lib && ../bin/systemctl restart x"},
        WayRow{"from_the_directory", "cd /usr/bin && ./systemctl restart x"},
        WayRow{"by_a_link", "ln -s /usr/bin/systemctl /usr/local/bin/mine && mine restart x"},
        WayRow{
            "by_a_chain_of_links",
            "ln -s ../../bin/systemctl /usr/local/bin/one && ln -s one /usr/local/bin/two && two restart x"},
        WayRow{"by_its_own_root", "/proc/self/root/usr/bin/systemctl restart x"},
        WayRow{"by_its_own_directory", "cd /usr/bin && /proc/thread-self/cwd/systemctl restart x"},
        WayRow{"by_a_held_directory", "exec 7</usr/bin && /proc/self/fd/7/systemctl restart x"},
        WayRow{"by_a_link_through_its_own_root",
               "ln -s /proc/self/root/usr/bin/systemctl /srv/mine && /srv/mine restart x"},
        WayRow{"by_find", "find /etc/motd -exec systemctl restart x \\;"},
        WayRow{"by_perl", "perl -e 'exit system(qw(systemctl restart x)) >> 8'"},
        WayRow{"by_timeout", "timeout 20 systemctl restart x"},
        WayRow{"by_setsid", "setsid -w systemctl restart x"},
        WayRow{"in_a_pipeline", "systemctl restart x | cat; exit ${PIPESTATUS[0]}"},
        WayRow{"in_the_background", "systemctl restart x & wait $!"},
        WayRow{"as_another_user", "perl -e '$) = \"33 33\"; $( = 33; $> = 33; $< = 33; "
                                  "exec qw(/usr/bin/systemctl restart x)' || systemctl restart x"},
        WayRow{"without_a_directory", "mkdir /srv/a && cd /srv/a && rmdir /srv/a && systemctl restart x"},
        WayRow{"from_a_script",
               "printf '#!/bin/sh\\nsystemctl restart x\\n' > /srv/s; chmod +x /srv/s; /srv/s"},
        WayRow{"once_it_is_replaced", "printf '#!/bin/bash\\necho real new\\n' > /usr/bin/new && "
                                      "chmod 755 /usr/bin/new && mv /usr/bin/new /usr/bin/systemctl && "
                                      "systemctl restart x"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(ExecGuard, ACommandThatTheScriptInstallsIsGuardedAtOnce) {
    const auto result =
        run("printf '#!/bin/bash\\necho real\\n' > /usr/sbin/reboot; chmod 755 /usr/sbin/reboot; "
            "reboot; ln -s /usr/sbin/reboot /usr/sbin/poweroff; poweroff");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(asked(), ElementsAre("reboot", "poweroff"));
}

TEST_F(ExecGuard, AScriptOfAGuardedInterpreterIsThatCommand) {
    const auto result =
        run("printf '#!/usr/sbin/nft -f\\nflush ruleset\\n' > /etc/rules; chmod 755 /etc/rules; "
            "/etc/rules; cd /etc; ./rules");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(asked(), ElementsAre("nft -f /etc/rules", "nft -f /etc/./rules"));
}

// A file that was no script need not be opened again, while it has not been changed.
TEST_F(ExecGuard, AFileThatBecomesSuchAScriptIsSeen) {
    const auto result = run("cp /bin/true /srv/p; sleep 4; /srv/p && /srv/p && "
                            "printf '#!/usr/sbin/nft -f\\nflush ruleset\\n' > /srv/p && /srv/p");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(asked(), ElementsAre("nft -f /srv/p"));
}

TEST_F(ExecGuard, OnlyCommandsInTheirPlacesAreGuarded) {
    const auto result = run("cp /usr/bin/systemctl /srv/systemctl; /srv/systemctl restart x; "
                            "chmod 644 /usr/bin/systemctl; systemctl restart x; echo code $?; "
                            "rm /usr/bin/systemctl; hash -r; systemctl x; echo code $?; "
                            "/usr/bin/nosuch; echo code $?; ''; echo code $?");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(asked(), IsEmpty());
    EXPECT_THAT(result.output + result.error, HasSubstr("real /srv/systemctl restart x\n"));
    EXPECT_THAT(result.output + result.error, HasSubstr("code 126\n"));
    EXPECT_THAT(result.output + result.error, HasSubstr("code 127\n"));
}

TEST_F(ExecGuard, TheTreeHasTheRealFiles) {
    const std::string text = read("usr/bin/systemctl");
    const auto result =
        disco({"exec", "--merge", "--root", root(), "--state-dir", state(), "--", "bash", "-c",
               "set -e; cp -p /usr/bin/systemctl /etc/copy; mv /usr/sbin/service "
               "/usr/sbin/service.distrib; ln /usr/bin/systemctl /etc/link; "
               "chmod 700 /usr/bin/systemctl"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/copy"), text);
    EXPECT_EQ(read("etc/link"), text);
    EXPECT_THAT(read("usr/sbin/service.distrib"), HasSubstr("real"));
    EXPECT_FALSE(fs::exists(root() / "usr/sbin/service"));
    struct stat status = {};
    ASSERT_EQ(::stat((root() / "usr/bin/systemctl").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(ExecGuard, TheShimCannotBeReachedForWriting) {
    // While it waits for an answer, /proc/PID/exe leads to what it is executed from, and a descriptor keeps
    // it.
    put(root() / "usr/bin/systemctl", "#!/bin/bash\nsleep 1\n", 0755);
    const auto result = run("systemctl is-active x & sleep 0.5; exec 9</proc/$!/exe && echo held; wait; "
                            "if echo x > /proc/self/fd/9; then echo written; fi");
    EXPECT_THAT(result.output + result.error, HasSubstr("held\n"));
    EXPECT_THAT(result.output + result.error, HasSubstr("Read-only file system"));
    EXPECT_THAT(result.output + result.error, testing::Not(HasSubstr("written")));
}

struct PayloadRow {
    const char *mode, *count;
};
class Pitfall : public ExecGuard, public testing::WithParamInterface<PayloadRow> {};

TEST_P(Pitfall, EndsAsItShould) {
#ifndef __x86_64__
    if (std::string{GetParam().mode} == "narrow") GTEST_SKIP() << "no programs of i386 here";
#endif
    const auto result = payload(GetParam().mode, GetParam().count);
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr(std::string{GetParam().mode} + ": as expected"));
    EXPECT_THAT(result.output + result.error, testing::Not(HasSubstr("real ")));
}

INSTANTIATE_TEST_SUITE_P(Exec, Pitfall,
                         testing::Values(PayloadRow{"kills", "400"}, PayloadRow{"stops", "100"},
                                         PayloadRow{"threads", "100"}, PayloadRow{"leaders", "300"},
                                         PayloadRow{"vforks", "50"}, PayloadRow{"descriptors", "1"},
                                         PayloadRow{"filter", "1"}, PayloadRow{"at-once", "4000"},
                                         PayloadRow{"narrow", "1"}, PayloadRow{"by-descriptor", "1"}),
                         [](const auto& row) {
                             std::string name = row.param.mode;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

} // namespace
} // namespace disco::tests
