// Live dances: all of it or nothing of it reaches the root.

#include "tests/support/throw_away.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Live : public DanceTest {
protected:
    [[nodiscard]] struct stat status(const std::string& path) const { return *sys::stat_path(root() / path); }
};

TEST_F(Live, MergesFilesTemplatesAndScripts) {
    module_file("m", "files/etc/app/plain.conf", "plain\n", 0640);
    module_file("m", "files/usr/local/bin/tool", "#!/bin/sh\n", 0755);
    module_file("m", "templates/etc/app/made.conf", "echo \"node $DISCO_NODE phase $DISCO_PHASE\"", 0600);
    script("m", "10-x.sh",
           "#!/bin/bash\ncd /etc\necho appended >> motd\nrm hostname\nln -s app/plain.conf link\n");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/app/plain.conf"), "plain\n");
    EXPECT_EQ(status("etc/app/plain.conf").st_mode & 07777U, 0640U);
    EXPECT_EQ(status("usr/local/bin/tool").st_mode & 07777U, 0755U);
    EXPECT_EQ(read("etc/app/made.conf"), "node web1 phase template\n");
    EXPECT_EQ(status("etc/app/made.conf").st_mode & 07777U, 0600U);
    EXPECT_EQ(read("etc/motd"), "Welcome.\nappended\n");
    EXPECT_FALSE(fs::exists(root() / "etc/hostname"));
    EXPECT_EQ(fs::read_symlink(root() / "etc/link"), "app/plain.conf");
}

TEST_F(Live, LeavesNoOverlayBookkeeping) {
    script("m", "10-x.sh",
           "#!/bin/bash\nrm -r /home; mkdir /home; echo x > /home/x; echo x >> /etc/motd; mv /srv /srv2; "
           "mkdir -p /new/a\n");
    want("m");
    ASSERT_EQ(live().exit, 0);
    for (const auto& [path, line] : root_snapshot())
        EXPECT_EQ(line.find("trusted.overlay"), std::string::npos) << path;
    EXPECT_TRUE(fs::is_directory(root() / "srv2"));
    EXPECT_EQ(read("home/x"), "x\n");
}

TEST_F(Live, SecondDanceFindsEverythingInSync) {
    module_file("m", "files/etc/x", "x\n");
    module_file("m", "templates/etc/y", "echo y");
    script("m", "10-x.sh", "#!/bin/bash\nmkdir -p /srv/made\necho fixed > /srv/made/file\n");
    want("m");
    ASSERT_EQ(live().exit, 0);
    const Snapshot before = root_snapshot();
    const auto result = live({"--detailed-exitcode"});
    EXPECT_EQ(result.exit, 0) << result.output;
    EXPECT_EQ(difference(before, root_snapshot()), "");
    EXPECT_EQ(last_report().at("run").at("outcome"), "in-sync");
    EXPECT_EQ(last_report().at("merge").at("steps"), 0);
}

TEST_F(Live, OneFailedModuleMeansNothingIsMerged) {
    module_file("a", "files/etc/a", "a\n");
    module_file("b", "requires", "after a\n");
    script("b", "10-x.sh", "#!/bin/bash\necho b > /etc/b\nfalse\nexit 7\n");
    module_file("c", "requires", "after b\n");
    module_file("c", "files/etc/c", "c\n");
    want("c");
    const Snapshot before = root_snapshot();
    const auto result = live();
    EXPECT_EQ(result.exit, 4);
    EXPECT_EQ(difference(before, root_snapshot()), "");
    EXPECT_THAT(result.output, HasSubstr("scripts/10-x.sh exited with 7"));
    EXPECT_THAT(result.output, HasSubstr("nothing was merged"));
    EXPECT_EQ(module_of(last_report(), "c").at("outcome"), "skipped");
}

TEST_F(Live, FollowsDirectorySymlinksAndNeverReplacesThem) {
    module_file("m", "files/bin/tool", "x\n", 0755);
    module_file("m", "templates/sbin/made", "echo made", 0755);
    want("m");
    ASSERT_EQ(live().exit, 0);
    EXPECT_TRUE(fs::is_symlink(root() / "bin"));
    EXPECT_EQ(read("usr/bin/tool"), "x\n");
    EXPECT_EQ(read("usr/sbin/made"), "made\n");
    EXPECT_THAT(changes_of(last_report(), "m"),
                ElementsAre("created /usr/bin/tool", "created /usr/sbin/made"));
}

TEST_F(Live, AppliesAttributes) {
    module_file("m", "attributes",
                "0750 root:www-data etc/app/\n0640 root:www-data etc/app/**  # what is in it\n"
                "0600 - etc/app/key # a secret\n");
    module_file("m", "files/etc/app/conf", "c\n");
    module_file("m", "files/etc/app/key", "k\n");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(status("etc/app/conf").st_mode & 07777U, 0640U);
    EXPECT_EQ(status("etc/app/conf").st_gid, 33U);
    EXPECT_EQ(status("etc/app/key").st_mode & 07777U, 0600U);
    EXPECT_EQ(status("etc/app").st_mode & 07777U, 0750U);
    EXPECT_EQ(status("etc/app").st_gid, 33U);
}

/// They are not the module's alone, and without the bits by which they are entered nothing in them is
/// reached.
TEST_F(Live, AttributesChangeDirectoriesOnlyWhereASlashIsAtTheEnd) {
    fs::create_directories(root() / "etc/app");
    const mode_t etc = status("etc").st_mode, app = status("etc/app").st_mode;
    module_file("m", "files/etc/app/made/conf", "c\n");
    module_file("m", "attributes", "0640 root:www-data etc/**\n");
    want("m");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(status("etc").st_mode, etc);
    EXPECT_EQ(status("etc/app").st_mode, app);
    EXPECT_EQ(status("etc/app/made").st_mode & 07777U, 0755U);
    EXPECT_EQ(status("etc/app").st_gid, 0U);
    EXPECT_EQ(status("etc/app/made/conf").st_mode & 07777U, 0640U);
    module_file("m", "attributes", "0750 root:www-data etc/app/**/\n");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(status("etc").st_mode, etc);
    EXPECT_EQ(status("etc/app").st_mode & 07777U, 0750U);
    EXPECT_EQ(status("etc/app/made").st_gid, 33U);
}

TEST_F(Live, KeepsXattrsAclsAndHoles) {
    script("m", "10-x.sh",
           "#!/bin/bash\nset -e\ntruncate -s 8M /srv/sparse\necho end >> /srv/sparse\n"
           "echo x > /srv/acl; setfacl -m u:33:r /srv/acl\n");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_LT(status("srv/sparse").st_blocks * 512, 1 << 20);
    EXPECT_EQ(status("srv/sparse").st_size, (8 << 20) + 4);
    EXPECT_GT(::getxattr((root() / "srv/acl").c_str(), "system.posix_acl_access", nullptr, 0), 0);
}

TEST_F(Live, StateOnAnotherFileSystemMergesTheSame) {
    // The root's own tmpfs: every rename from the scratch space would be EXDEV.
    module_file("m", "files/etc/app/conf", "new\n");
    script("m", "10-x.sh",
           "#!/bin/bash\necho more >> /etc/motd; rm /etc/hostname; rm -r /home; ln -s srv /home; chmod 700 "
           "/srv\n");
    want("m");
    const fs::path other = place() / "other";
    fs::create_directory(other);
    ASSERT_EQ(::system(("mount -t tmpfs disco-other " + other.string()).c_str()), 0);
    const auto result = disco(
        {"dance", "--server", server, "--node", node, "--root", root(), "--state-dir", other / "state"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(::system(("umount " + other.string()).c_str()), 0);
    EXPECT_EQ(read("etc/app/conf"), "new\n");
    EXPECT_EQ(read("etc/motd"), "Welcome.\nmore\n");
    EXPECT_FALSE(fs::exists(root() / "etc/hostname"));
    EXPECT_EQ(fs::read_symlink(root() / "home"), "srv");
    EXPECT_EQ(status("srv").st_mode & 07777U, 0700U);
}

TEST_F(Live, RefusesToOverwriteWhatSomebodyElseChangedMeanwhile) {
    script("m", "10-x.sh", "#!/bin/bash\necho mine >> /etc/motd\necho sleeping\nsleep 1\n");
    module_file("n", "files/etc/n", "n\n");
    want("m");
    want("n");
    const pid_t dance = start(dance_words({}));
    EXPECT_TRUE(wait_for_script()) << log();
    put(root() / "etc/motd", "theirs\n");
    EXPECT_EQ(exit_of(dance), 8) << log();
    EXPECT_EQ(read("etc/motd"), "theirs\n");
    EXPECT_FALSE(fs::exists(root() / "etc/n"));
    const auto report = last_report();
    EXPECT_EQ(report.at("run").at("exit_code"), 8);
    EXPECT_EQ(report.at("merge").at("conflicts").at(0).at("path"), "/etc/motd");
}

TEST_F(Live, ChecksRunAfterTheMerge) {
    module_file("m", "files/etc/x", "x\n");
    module_file("m", "checks/10-good.sh", "#!/bin/bash\n[[ $(cat /etc/x) == x ]]\n", 0755);
    want("m");
    EXPECT_EQ(live().exit, 0);
    module_file("m", "checks/20-bad.sh", "#!/bin/bash\nexit 9\n", 0755);
    const auto result = live();
    EXPECT_EQ(result.exit, 6) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("20-bad.sh exited with 9"));
}

TEST_F(Live, ChecksSeeTheMergedTree) {
    // Not the originals, which lie in the layers after a merge.
    module_file("m", "files/etc/motd", "new\n");
    module_file("m", "checks/10-motd.sh",
                "#!/bin/bash\n[[ $(cat /etc/motd) == new ]] && [[ ! -e /etc/hostname ]]\n", 0755);
    script("m", "10-x.sh", "#!/bin/bash\nrm /etc/hostname\n");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
}

TEST_F(Live, TemplatesAreResolvedSideBySideAndDeliveredTogether) {
    for (const char* name : {"a", "b", "c", "d", "e", "f"})
        module_file("m", std::string{"templates/etc/app/"} + name,
                    std::string{"echo "} + name + "\n[[ -e /etc/app/a ]] && echo sees a\necho words of " +
                        name + " >&2\ntrue");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    for (const char* name : {"a", "b", "c", "d", "e", "f"})
        EXPECT_EQ(read(std::string{"etc/app/"} + name), std::string{name} + "\n");
    // What they say comes in their order, whichever is the first to end.
    std::string words;
    const auto module = module_of(last_report(), "m");
    for (const auto& step : module.at("steps"))
        if (step.at("phase") == "template") words += step.at("output").get<std::string>();
    EXPECT_EQ(words, "words of a\nwords of b\nwords of c\nwords of d\nwords of e\nwords of f\n");
    EXPECT_THAT(
        result.output + result.error,
        testing::ContainsRegex("words of a.*words of b.*words of c.*words of d.*words of e.*words of f"));
}

TEST_F(Live, OneFailingTemplateDeliversNone) {
    module_file("m", "templates/etc/a", "echo a");
    module_file("m", "templates/etc/b", "echo b\nexit 3");
    module_file("m", "templates/etc/c", "echo c");
    want("m");
    const Snapshot before = root_snapshot();
    const auto result = live();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("templates/etc/b exited with 3"));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(Live, ATemplateThatTakesTooLongIsTheOneThatIsNamed) {
    module_file("m", "sandbox", "timeout 1\n");
    module_file("m", "templates/etc/a", "echo a\nread -t 30 < <(sleep 30)");
    module_file("m", "templates/etc/b", "echo b");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("templates/etc/a took longer than 1 s"));
}

TEST_F(Live, RunsScriptsByTheirInterpreter) {
    script("m", "10-sh", "#!/bin/sh\necho sh >> /srv/log\n");
    script("m", "20-none", "cd /srv && echo bash >> log\n");
    script("m", "30-env", "#!/usr/bin/env -S bash -e\necho env >> /srv/log\n");
    want("m");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("srv/log"), "sh\nbash\nenv\n");
}

TEST_F(Live, DiscoParamStartsNoProcessInBash) {
    parameter("web1", "app/port", "8080\n");
    module_file("m", "parameters/app/port", "1\n"); // weaker
    module_file("m", "parameters/app/host", "localhost\n");
    script("m", "10-x.sh",
           "#!/bin/bash\nset -e\nbefore=$(</proc/sys/kernel/ns_last_pid) || before=0\n"
           "type -t disco-param > /srv/type\n"
           "{ disco-param get app/port; disco-param get app/host; disco-param keys app; disco-param get "
           "current_module; } > /srv/values\n");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("srv/type"), "function\n");
    EXPECT_EQ(read("srv/values"), "8080\nlocalhost\nhost\nport\nm\n");
}

/// A download that fails without a word leaves a module in sync that has done nothing.
TEST_F(Live, TellsOfTheNetworkThatAScriptMissed) {
    module_file("m", "sandbox", "profile simulate\n");
    want("m");
    struct Row {
        const char* name;
        const char* text;
        const char* told; ///< "": nothing
    };
    const char* const another =
        "no network here: it tried to reach another machine, or to look one up; write "
        "`network egress` in the module's `sandbox` file";
    const char* const service = "no service of this machine can be reached here: it tried to, on loopback; "
                                "`disco-defer COMMAND` has a command run on the machine, after the merge";
    for (const Row& row :
         {Row{"an address", "true 2>/dev/null <>/dev/tcp/192.0.2.1/80 || true\n", another},
          Row{"an address of IPv6", "true 2>/dev/null <>/dev/tcp/2001:db8::1/80 || true\n", another},
          Row{"a resolver on loopback", "{ echo x >/dev/udp/127.0.0.53/53; } 2>/dev/null || true\n", another},
          Row{"nobody", "echo x > /dev/null\n", ""},
          Row{"its own loopback", "true 2>/dev/null <>/dev/tcp/127.0.0.1/80 || true\n", service}}) {
        script("m", "10-x.sh", std::string{"#!/bin/bash\n"} + row.text);
        for (const bool dry : {true, false}) {
            const auto result = dry ? noop() : live();
            EXPECT_EQ(result.exit, 0) << result.output << result.error;
            std::string notices;
            const auto module = module_of(last_report(), "m");
            for (const auto& notice : module.at("notices")) notices += notice.at("text").get<std::string>();
            EXPECT_THAT(result.output, HasSubstr(row.told)) << row.name;
            EXPECT_EQ(notices, row.told) << row.name;
        }
    }
    const auto exec = disco({"exec", "--noop", "--state-dir", state(), "--root", root(), "--", "bash", "-c",
                             "true 2>/dev/null <>/dev/tcp/192.0.2.1/80 || true"});
    EXPECT_THAT(exec.output, HasSubstr("--network egress"));
}

/// sudo, su and crontab, called by users.
TEST_F(Live, TellsOfTheRightsThatAProgramGivesOnTheMachineAlone) {
    module_file("m", "sandbox", "profile simulate\n");
    want("m");
    fs::copy_file("/usr/sbin/chroot", root() / "usr/bin/chroot");
    for (const auto& [name, mode] : {std::pair{"user", 04755}, std::pair{"group", 02755}}) {
        fs::copy_file("/usr/bin/true", root() / "usr/bin" / name);
        ASSERT_EQ(::chown((root() / "usr/bin" / name).c_str(), 0, 101), 0);
        ASSERT_EQ(::chmod((root() / "usr/bin" / name).c_str(), static_cast<mode_t>(mode)), 0);
    }
    put(root() / "usr/bin/script", "#!/bin/bash\n", 04755);
    const auto notices = [&](const std::string& text) {
        script("m", "10-x.sh", "#!/bin/bash\n" + text);
        const auto result = live();
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        std::string all;
        const auto module = module_of(last_report(), "m");
        for (const auto& notice : module.at("notices")) all += notice.at("text").get<std::string>() + "\n";
        return all;
    };
    const std::string as_user = "chroot --userspec=1000:1000 / ";
    EXPECT_THAT(notices(as_user + "/usr/bin/user"),
                testing::AllOf(HasSubstr("could not give '/usr/bin/user' the rights of its owner"),
                               HasSubstr("set-user-ID"), HasSubstr("runuser -u USER")));
    EXPECT_THAT(notices(as_user + "/usr/bin/group"),
                testing::AllOf(HasSubstr("could not give '/usr/bin/group' the rights of its group"),
                               HasSubstr("set-group-ID"), HasSubstr("crontab -u USER FILE")));
    EXPECT_EQ(
        notices("/usr/bin/user; /usr/bin/group; " + as_user + "/usr/bin/script; " + as_user + "/bin/true"),
        "");
    EXPECT_EQ(notices("chroot --userspec=1000:101 / /usr/bin/group"), ""); // has it already
}

/// As on the machine, what root writes with crontab is its group's.
TEST_F(Live, GivesRootTheGroupOfAGuardedCommand) {
    module_file("m", "sandbox", "profile simulate\n");
    fs::copy_file("/usr/bin/touch", root() / "usr/bin/crontab");
    ASSERT_EQ(::chown((root() / "usr/bin/crontab").c_str(), 0, 101), 0);
    ASSERT_EQ(::chmod((root() / "usr/bin/crontab").c_str(), 02755), 0);
    script("m", "10-x.sh", "#!/bin/bash\ncrontab /etc/table\ntouch /etc/plain\n");
    want("m");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(sys::stat_path(root() / "etc/table")->st_gid, 101u);
    EXPECT_EQ(sys::stat_path(root() / "etc/plain")->st_gid, 0u);
}

TEST_F(Live, DetailedExitCodeSaysThatSomethingChanged) {
    module_file("m", "files/etc/x", "x\n");
    want("m");
    EXPECT_EQ(live({"--detailed-exitcode"}).exit, 2);
    EXPECT_EQ(live({"--detailed-exitcode"}).exit, 0);
}

} // namespace
} // namespace disco::tests
