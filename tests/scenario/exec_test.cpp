// disco exec, param, report and runs.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Exec : public DanceTest {
protected:
    [[nodiscard]] sys::ProgramResult exec(const std::string& mode, const std::vector<std::string>& command,
                                          const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words = {"exec", "--root", root(), "--state-dir", state()};
        if (!mode.empty()) words.push_back(mode);
        words.insert(words.end(), more.begin(), more.end());
        words.emplace_back("--");
        words.insert(words.end(), command.begin(), command.end());
        return disco(words);
    }
};

TEST_F(Exec, NoopShowsTheDifferencesAndMergesNothing) {
    const Snapshot before = root_snapshot();
    const auto result = exec("--noop", {"sh", "-c", "echo said; echo more >> /etc/motd"}, {"--diff"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("said\n"));
    EXPECT_THAT(result.output, HasSubstr("--- a/etc/motd\n"));
    EXPECT_THAT(result.output, HasSubstr("+more\n"));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

/// In a chroot the mount namespace's root lies outside, and nothing of it may come within reach.
TEST_F(Exec, InAChrootTheSandboxHasNoWayOut) {
    const fs::path inner = place() / "inner"; // the machine as it is, but for the mark
    fs::create_directory(inner);
    module_file("m", "templates/etc/seen", "ls /mnt; echo resolved");
    want("m");
    constexpr const char* script = R"(
        set -e
        mount --rbind / "$1/inner"
        mount -t tmpfs mark /mnt; echo outside > /mnt/mark
        cd "$1/inner"
        exec chroot . "$2" "${@:3}"
    )";
    const auto run = [&](std::vector<std::string> words) {
        std::vector<std::string> argv = {"/usr/bin/unshare", "--mount", "bash", "-c", script, "bash", place(),
                                         disco_binary()};
        argv.insert(argv.end(), words.begin(), words.end());
        return sys::run_program({.argv = argv,
                                 .environment = {"PATH=" + std::string{std::getenv("PATH")}},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    };
    const auto template_run = run({"dance", "--noop", "--server", server, "--node", node, "--root", root(),
                                   "--state-dir", state(), "--diff"});
    EXPECT_EQ(template_run.exit, 0) << template_run.output << template_run.error;
    EXPECT_THAT(template_run.output, HasSubstr("+resolved\n"));
    // chroot(2) is allowed in an unrestricted program; deeper is all it may lead.
    const std::string program = "mkdir '/x'; open(H, '<', '/'); chroot('/x'); chdir('/proc/self'); chdir(H);"
                                "chdir('..') for 1..50; chroot('.'); print -e '/mnt/mark' ? 'OUT' : 'held'";
    const auto way_out =
        run({"exec", "--noop", "--root", "/", "--state-dir", state(), "--", "perl", "-e", program});
    EXPECT_THAT(way_out.output, HasSubstr("held")) << way_out.error;
}

/// A chroot is any directory. What is merged there, and put into its /run, is what the command does.
TEST_F(Exec, InAChrootThatIsNoMountItWorksAsElsewhere) {
    const auto in_chroot = [&](const std::string& command) {
        // Its tools are the machine's; disco's own state is in the tree.
        const std::string lines =
            "set -e; mount --make-shared " + place().string() +
            "; for d in usr dev; do mkdir -p \"$1/$d\"; mount --rbind /$d \"$1/$d\"; done\n"
            "mkdir -p \"$1/proc\" \"$1/disco\"; mount -t proc proc \"$1/proc\"; mount --bind \"$2\" "
            "\"$1/disco\"\n"
            "exec chroot \"$1\" /bin/sh -c \"$3\"";
        return sys::run_program({.argv = {"/usr/bin/unshare", "--mount", "--pid", "--fork", "bash", "-c",
                                          lines, "bash", root(), build_tree(), command},
                                 .environment = {"PATH=" + search_path},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    };
    const std::string work = "-- sh -c 'echo more >> /etc/motd; mkdir -p /run/made; ls /disco'";
    const auto preview = in_chroot("/disco/bin/disco exec --noop --diff --state-dir /state " + work);
    EXPECT_EQ(preview.exit, 0) << preview.output << preview.error;
    EXPECT_THAT(preview.output, HasSubstr("+more\n"));
    const auto merged = in_chroot("/disco/bin/disco exec --merge --state-dir /state " + work);
    EXPECT_EQ(merged.exit, 0) << merged.output << merged.error;
    EXPECT_EQ(read("etc/motd"), "Welcome.\nmore\n");
    EXPECT_TRUE(fs::is_directory(root() / "run/made"));
    const auto undone = in_chroot("/disco/bin/disco rollback --state-dir /state");
    EXPECT_EQ(undone.exit, 0) << undone.output << undone.error;
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
}

TEST_F(Exec, StrictRunsWhatAStrictScriptMayRun) {
    const auto run = [&](const std::string& profile, const std::vector<std::string>& command) {
        return exec("--noop", command, {"--profile", profile});
    };
    const auto listed = run("strict", {"touch", "/etc/new file"});
    EXPECT_EQ(listed.exit, 0) << listed.output << listed.error;
    EXPECT_THAT(listed.output, HasSubstr("+ /etc/new file"));
    EXPECT_EQ(last_report().at("modules").at(0).at("steps").at(0).at("profile"), "strict");
    const auto unlisted = run("strict", {"sh", "-c", "touch /etc/new"});
    EXPECT_EQ(unlisted.exit, 0) << unlisted.output << unlisted.error;
    EXPECT_THAT(unlisted.output, HasSubstr("> would execute: sh -c 'touch /etc/new'"));
    EXPECT_THAT(unlisted.output, HasSubstr("in sync"));
    const auto path = run("strict", {"/usr/bin/touch", "/etc/new"});
    EXPECT_EQ(path.exit, 4);
    EXPECT_THAT(path.output, HasSubstr("restricted shell refused"));
    EXPECT_EQ(run("strict", {"no-such-command"}).exit, 78);
    for (const char* profile : {"auto", "simulate"}) {
        const auto result = run(profile, {"sh", "-c", "touch /etc/new"});
        EXPECT_THAT(result.output, HasSubstr("+ /etc/new"));
        EXPECT_EQ(last_report().at("modules").at(0).at("steps").at(0).at("profile"), "simulate");
    }
    EXPECT_EQ(run("loose", {"true"}).exit, 64);
}

TEST_F(Exec, MergeMerges) {
    const auto result = exec("--merge", {"sh", "-c", "echo more >> /etc/motd"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/motd"), "Welcome.\nmore\n");
}

TEST_F(Exec, WithoutATerminalNothingIsMergedUnasked) {
    const auto result = exec("", {"sh", "-c", "echo more >> /etc/motd"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("nothing was merged"));
    EXPECT_THAT(result.error, HasSubstr("no terminal to ask on; --merge"));
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
}

TEST_F(Exec, AFailedCommandMergesNothing) {
    const auto result = exec("--merge", {"sh", "-c", "echo more >> /etc/motd; exit 3"});
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("exited with 3"));
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
}

TEST_F(Exec, UnknownCommandIsNamed) {
    const auto result = exec("--noop", {"no-such-command"});
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("'no-such-command'"));
}

TEST_F(Exec, AReportThatCannotBeWrittenIsToldBeforeAnythingIsDone) {
    const auto result = exec("--merge", {"sh", "-c", "echo more >> /etc/motd"},
                             {"--json", (place() / "no/such/file").string()});
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("no/such/file"));
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
}

TEST_F(Exec, AReportThatFindsNoRoomDoesNotChangeTheVerdict) {
    const auto result = exec("--merge", {"sh", "-c", "echo more >> /etc/motd"},
                             {"--json", "/dev/full", "--detailed-exitcode"});
    EXPECT_EQ(result.exit, 2) << result.error;
    EXPECT_THAT(result.error, HasSubstr("No space left"));
    EXPECT_EQ(read("etc/motd"), "Welcome.\nmore\n");
}

TEST_F(Exec, JsonOnStandardOutputIsNothingElse) {
    const auto result = exec("--noop", {"sh", "-c", "echo chatter"}, {"--json", "-"});
    EXPECT_EQ(nlohmann::json::parse(result.output).at("run").at("outcome"), "in-sync");
    EXPECT_THAT(result.error, HasSubstr("chatter"));
}

TEST_F(Exec, WritesEveryReportThatIsAskedFor) {
    const std::string one = place() / "one", other = place() / "other";
    const auto result = exec("--noop", {"sh", "-c", "echo more >> /etc/motd"},
                             {"--json", one, "--json", "-", "--json", other});
    EXPECT_EQ(nlohmann::json::parse(result.output), last_report());
    EXPECT_EQ(sys::read_file(one), result.output);
    EXPECT_EQ(sys::read_file(other), result.output);
    EXPECT_THAT(result.error, HasSubstr("~ /etc/motd"));
    const auto stored = disco({"report", "--json", other, "--json", "--state-dir", state()});
    EXPECT_EQ(nlohmann::json::parse(stored.output), last_report());
    EXPECT_EQ(sys::read_file(other), stored.output);
}

TEST_F(Exec, TwoReportsOnStandardOutputAreRefused) {
    const auto result =
        exec("--merge", {"sh", "-c", "echo more >> /etc/motd"}, {"--json", "-", "--json", "-"});
    EXPECT_EQ(result.exit, 64);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.error, HasSubstr("only one report can go to standard output"));
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
}

TEST_F(Exec, SeesNothingOfTheHost) {
    const auto result =
        exec("--noop",
             {"sh", "-c",
              "ls /proc | grep -c '^[0-9]'; ls /sys/class/net 2>/dev/null; ls -a /tmp /run; "
              "ls /dev; hostname changed || echo refused; mknod /srv/x b 8 0 && cat /srv/x || echo refused"});
    EXPECT_THAT(result.output, Not(HasSubstr("eth0")));
    EXPECT_THAT(result.output, HasSubstr("refused\n"));
    EXPECT_THAT(result.output, Not(HasSubstr("sda")));
}

TEST_F(Exec, OfProcOnlyWhatIsTheProcessesCanBeChanged) {
    const auto mode = [] {
        struct stat status = {};
        return ::stat("/proc/cmdline", &status) == 0 ? status.st_mode : 0;
    };
    const auto before = mode();
    const char* script = "for file in /proc/cmdline /proc/sys/kernel /proc/pressure /proc/driver; do "
                         "chmod 700 $file; touch -d @7 $file; chown 33 $file; done; "
                         "echo 500 > /proc/self/oom_score_adj; echo score $(cat /proc/self/oom_score_adj); "
                         "chmod 600 /proc/self/net/dev 2>/dev/null && echo net-changed; true";
    const auto result = exec("--noop", {"sh", "-c", script});
    EXPECT_THAT(result.output, HasSubstr("/proc/cmdline': Read-only file system"));
    EXPECT_THAT(result.output, HasSubstr("score 500\n"));
    EXPECT_THAT(result.output, HasSubstr("net-changed\n")) << "of the sandbox's own";
    const auto on_host_network = exec("--noop", {"sh", "-c", script}, {"--network", "host"});
    EXPECT_EQ(on_host_network.exit, 0) << on_host_network.error;
    EXPECT_THAT(on_host_network.output, Not(HasSubstr("net-changed\n"))) << "of the machine";
    EXPECT_EQ(mode(), before);
}

TEST_F(Exec, DoesNotSeeHowItWasCalled) {
    // The command line names the state directory and may name the server.
    const auto result =
        exec("--noop", {"sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline; cat /proc/1/environ || echo refused"});
    EXPECT_THAT(result.output, HasSubstr("disco: sandbox"));
    EXPECT_THAT(result.output, Not(HasSubstr(state().string())));
    EXPECT_THAT(result.output, HasSubstr("refused\n"));
}

TEST_F(Exec, StateInsideTheRootIsHidden) {
    fs::create_directories(root() / "var/lib/disco/runs");
    put(root() / "var/lib/disco/runs/secret", "s\n");
    const auto result = disco({"exec", "--noop", "--root", root(), "--state-dir", root() / "var/lib/disco",
                               "--", "sh", "-c", "ls -a /var/lib/disco; cat /var/lib/disco/runs/secret"});
    EXPECT_THAT(result.output, Not(HasSubstr("runs\n")));
    EXPECT_EQ(result.exit, 4);
}

TEST_F(Exec, RunsAndReportTellOfThePast) {
    EXPECT_EQ(disco({"report", "--state-dir", state()}).exit, 78);
    ASSERT_EQ(exec("--noop", {"true"}).exit, 0);
    ASSERT_EQ(exec("--noop", {"sh", "-c", "echo x > /etc/new"}).exit, 0);
    const auto runs = disco({"runs", "--state-dir", state()});
    EXPECT_EQ(std::count(runs.output.begin(), runs.output.end(), '\n'), 2);
    EXPECT_THAT(runs.output, HasSubstr("in-sync"));
    const auto last = disco({"report", "--state-dir", state()});
    EXPECT_EQ(last.exit, 0) << last.error;
    EXPECT_THAT(last.output, HasSubstr("+ /etc/new"));
    const auto all = disco({"report", "--all", "--state-dir", state()});
    for (const char* column : {"wall ms", "user ms", "sys ms", "rss KiB", "minflt", "majflt", "blk in",
                               "blk out", "vol cs", "inv cs"})
        EXPECT_THAT(all.output, HasSubstr(column));
    for (const char* column : {" wall ", " CPU ", " MiB "}) EXPECT_THAT(last.output, HasSubstr(column));
    const std::string first = runs.output.substr(0, runs.output.find(' '));
    EXPECT_THAT(disco({"report", first, "--state-dir", state()}).output, HasSubstr("in sync"));
    EXPECT_EQ(disco({"report", "nothing", "--state-dir", state()}).exit, 78);
    const auto json = disco({"report", "--json", "-", "--state-dir", state()});
    EXPECT_EQ(nlohmann::json::parse(json.output), last_report());
}

class Param : public DanceTest {
protected:
    [[nodiscard]] sys::ProgramResult param(std::vector<std::string> words,
                                           const std::string& input = {}) const {
        std::vector<std::string> all = {disco_binary(), "param"};
        all.insert(all.end(), words.begin(), words.end());
        for (const std::string& word :
             {std::string{"--state-dir"}, state().string(), std::string{"--node"}, node})
            all.push_back(word);
        return sys::run_program({.argv = all,
                                 .environment = {"PATH=/usr/bin:/bin"},
                                 .input = input,
                                 .timeout = std::chrono::seconds{60}});
    }
};

TEST_F(Param, SetsGetsListsAndDeletes) {
    EXPECT_EQ(param({"set", "a/b", "value"}).exit, 0);
    EXPECT_EQ(param({"get", "a/b"}).output, "value\n");
    EXPECT_EQ(param({"set", "a/c"}, "from\nstandard input\n").exit, 0);
    EXPECT_EQ(param({"get", "a/c"}).output, "from\nstandard input\n");
    EXPECT_EQ(param({"set", "tree", "{}"}).exit, 0);
    EXPECT_EQ(param({"set", "-"}, "x=1\ny/z=two words\n").exit, 0);
    EXPECT_EQ(param({"get", "y/z"}).output, "two words\n");
    EXPECT_EQ(param({"keys"}).output, "a\ntree\nx\ny\n");
    EXPECT_EQ(param({"keys", "a"}).output, "b\nc\n");
    EXPECT_EQ(param({"delete", "x"}).exit, 0);
    EXPECT_EQ(param({"get", "x"}).exit, 78);
    EXPECT_NE(param({"delete", "a"}).exit, 0);
    EXPECT_EQ(param({"delete", "-r", "a"}).exit, 0);
    EXPECT_EQ(param({"dump"}).output, "tree = {}\ny = {}\ny/z = two words\n");
}

TEST_F(Param, RefusesBadNamesAndSaysThem) {
    for (const char* name : {"/absolute", "../up", "a/../b", "sp ace", "a//b", "new\nline"}) {
        const auto result = param({"set", name, "x"});
        EXPECT_EQ(result.exit, 78) << name;
        EXPECT_THAT(result.error, HasSubstr(std::string_view{name} == "new\nline" ? "new\\nline" : name));
        EXPECT_EQ(param({"get", name}).exit, 78);
    }
    EXPECT_EQ(param({"dump"}).output, "");
}

/// As logger(1) sends it; more than a socket's queue holds.
TEST_F(Exec, TheLogTakesWhatIsSentToIt) {
    const std::string send =
        "perl -e 'socket(S, 1, 2, 0) && connect(S, pack(\"Sa*\", 1, \"/dev/log\\0\")) or die "
        "\"no log: $!\"; for (1 .. 2000) { send(S, \"<13>line $_\", 0) or die $! } "
        "print \"sent\\n\"'; stat -c %F:%a /dev/log";
    const auto result = exec("--noop", {"sh", "-c", send}, {});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("sent\nsocket:666\n"));
}

} // namespace
} // namespace disco::tests
