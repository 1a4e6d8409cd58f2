// In a container that withholds system calls and capabilities.

#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class Container : public DanceTest {
protected:
    std::string sanitizer_options; ///< of the program, where it is built with sanitisers
    /// `disco exec` of a line for sh, under a program that takes something away first.
    [[nodiscard]] sys::ProgramResult exec(std::vector<std::string> under, const std::string& line) const {
        for (const std::string& word :
             {disco_binary().string(), std::string{"exec"}, std::string{"--noop"}, std::string{"--root"},
              root().string(), std::string{"--state-dir"}, state().string(), std::string{"--"},
              std::string{"sh"}, std::string{"-c"}, line})
            under.push_back(word);
        return sys::run_program({.argv = under,
                                 .environment = {"PATH=" + search_path, "ASAN_OPTIONS=" + sanitizer_options},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
    [[nodiscard]] sys::ProgramResult exec_without(const std::string& calls, const std::string& line) const {
        return exec({build_tree() / "tests/container_payload", calls}, line);
    }
};

TEST_F(Container, WithoutKeysIsNoObstacle) {
    const auto result = exec_without("keyctl,add_key,request_key", "echo more >> /etc/motd; echo done");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("done\n"));
    EXPECT_THAT(result.output, HasSubstr("1 change"));
    const std::string told = "warning: this container refuses keyctl(2): ";
    EXPECT_THAT(result.error, HasSubstr(told));
    EXPECT_EQ(result.error.find(told), result.error.rfind(told)) << "once";
}

TEST_F(Container, WithoutTheRightToRaiseLimitsRunsPrograms) {
    const auto result = exec({"/usr/bin/prlimit", "--core=0:0", "/usr/bin/setpriv",
                              "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"},
                             "ulimit -c; ulimit -Hc");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("0\n0\n"));
}

/// At another limit than 1 a crash would call the machine's handler of core dumps.
TEST_F(Container, NoProgramChangesItsLimitOfCoreDumps) {
    const auto result =
        exec({"/usr/bin/env"}, "ulimit -c unlimited && ulimit -c 0 && echo so; grep core /proc/self/limits");
    EXPECT_THAT(result.output, HasSubstr("so\n"));
    EXPECT_THAT(result.output, ContainsRegex("Max core file size +1 +1 +bytes"));
}

/// Over the network of a user namespace of its own root has every right.
TEST_F(Container, WithoutTheRightToSetUpNetworksHasNoLoopbackAndSaysSo) {
    const std::vector<std::string> under = {"/usr/bin/setpriv", "--bounding-set=-net_admin",
                                            "--inh-caps=-net_admin"};
    const std::string line = "grep -q 127.0.0.1 /proc/net/fib_trie && echo up; echo done";
    const auto with_users = exec(under, line);
    EXPECT_THAT(with_users.output, HasSubstr("up\ndone\n")) << with_users.error;
    EXPECT_EQ(with_users.error, "");
    auto under_both = under;
    under_both.insert(under_both.end(), {build_tree() / "tests/container_payload", "new_users"});
    const auto result = exec(under_both, line);
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, testing::StartsWith("done\n"));
    EXPECT_THAT(result.error, HasSubstr("CAP_NET_ADMIN"));
}

TEST_F(Container, ThatRefusesWhatASandboxIsMadeOfIsToldSo) {
    for (const char* call : {"pivot_root", "open_tree", "move_mount", "mount_setattr", "mount", "setns",
                             "clone3", "close_range", "seccomp"}) {
        const auto result = exec_without(call, "true");
        EXPECT_EQ(result.exit, 4) << call;
        EXPECT_THAT(result.error, HasSubstr("Operation not permitted (in a container, ")) << call;
        EXPECT_THAT(result.error, HasSubstr("seccomp=unconfined")) << call;
    }
}

/// What a container withholds of ptrace(2), and how a program is run so.
struct WithheldRow {
    const char* name;
    std::vector<std::string> under;
    bool calls_too = false; ///< refused by a filter; the program is then run by container_payload
};

class WithoutTracing : public Container, public testing::WithParamInterface<WithheldRow> {
protected:
    void SetUp() override {
        Container::SetUp();
        sanitizer_options = "detect_leaks=0"; // the search for leaks is by ptrace(2)
    }
    [[nodiscard]] static std::vector<std::string> under() {
        std::vector<std::string> words = GetParam().under;
        if (GetParam().calls_too) {
            words.emplace_back(build_tree() / "tests/container_payload");
            words.emplace_back("ptrace,process_vm_readv,process_vm_writev,pidfd_getfd,kcmp"); // as Docker's
        }
        return words;
    }
    [[nodiscard]] sys::ProgramResult run(const std::vector<std::string>& words) const {
        std::vector<std::string> all = under();
        all.insert(all.end(), words.begin(), words.end());
        return sys::run_program({.argv = all,
                                 .environment = {"PATH=" + search_path, "ASAN_OPTIONS=" + sanitizer_options},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
};

TEST_P(WithoutTracing, GuardedCommandsFailAndThatIsToldBefore) {
    put(root() / "usr/bin/systemctl", "#!/bin/sh\necho real\n", 0755);
    for (const char* line : {"systemctl restart x; echo code $?", "exec /usr/bin/systemctl; echo code $?",
                             "timeout 9 systemctl restart x; echo code $?"}) {
        const auto result = exec(under(), line);
        const std::string said = result.output + result.error;
        EXPECT_THAT(result.error, HasSubstr("this machine refuses ptrace(2), so guarded commands")) << line;
        EXPECT_THAT(said, HasSubstr("could not run '/usr/bin/systemctl', a guarded command: Operation not "
                                    "permitted"))
            << line;
        EXPECT_THAT(said, testing::Not(HasSubstr("real\n"))) << line;
        if (!std::string_view{line}.starts_with("exec")) {
            EXPECT_EQ(result.exit, 0) << line << said;
            EXPECT_THAT(said, HasSubstr("code 126\n")) << line;
        }
    }
}

/// PID 1 becomes it, and cannot be looked at.
TEST_P(WithoutTracing, AGuardedCommandThatIsTheProgramItselfFailsToo) {
    put(root() / "usr/bin/systemctl", "#!/bin/sh\necho real\n", 0755);
    const auto result = run({disco_binary(), "exec", "--noop", "--root", root(), "--state-dir", state(), "--",
                             "systemctl", "restart", "x"});
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output + result.error, testing::Not(HasSubstr("real\n")));
    EXPECT_THAT(result.output, HasSubstr("a guarded command: Operation not permitted"));
}

TEST_P(WithoutTracing, ACommandIsMerged) {
    const auto result =
        run({disco_binary(), "exec", "--merge", "--root", root(), "--state-dir", state(), "--", "sh", "-c",
             "echo more >> /etc/motd; mkdir /srv/new; disco-defer touch /etc/deferred"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/motd"), "Welcome.\nmore\n");
    EXPECT_TRUE(std::filesystem::exists(root() / "srv/new"));
    EXPECT_TRUE(std::filesystem::exists(root() / "etc/deferred"));
}

TEST_P(WithoutTracing, ADanceWorks) {
    for (const char* module : {"first", "second"}) {
        const std::string name = module;
        want(name);
        module_file(name, "files/etc/" + name + ".conf", "a file\n");
        module_file(name, "templates/etc/" + name + ".port", "echo port $(disco-param get site/port)\n");
        script(name, "10-x.sh",
               "#!/bin/sh\nset -e\necho \"$(disco-param get site/port)\" > /etc/" + name + ".script\n");
    }
    parameter("web1", "site/port", "8080\n");
    const auto noop = run(dance_words({"--noop"}));
    EXPECT_EQ(noop.exit, 0) << noop.output << noop.error;
    EXPECT_THAT(noop.output, HasSubstr("6 changes"));
    EXPECT_THAT(noop.error, HasSubstr("this machine refuses ptrace(2)"));
    const auto live = run(dance_words({}));
    EXPECT_EQ(live.exit, 0) << live.output << live.error;
    for (const char* module : {"first", "second"}) {
        EXPECT_EQ(read(std::string{"etc/"} + module + ".port"), "port 8080\n");
        EXPECT_EQ(read(std::string{"etc/"} + module + ".script"), "8080\n");
    }
    EXPECT_EQ(run({disco_binary(), "report", "--state-dir", state()}).exit, 0);
    const auto again = run(dance_words({"--detailed-exitcode"}));
    EXPECT_EQ(again.exit, 0) << again.output << again.error;
}

/// The broker hears who is in the sandbox.
TEST_P(WithoutTracing, AStrictScriptIsTold) {
    put(root() / "usr/bin/frob", "#!/bin/sh\necho real\n", 0755);
    const auto result = run({disco_binary(), "exec", "--noop", "--profile", "strict", "--root", root(),
                             "--state-dir", state(), "--", "frob", "x"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("Would execute: frob x"));
    EXPECT_THAT(result.output + result.error, testing::Not(HasSubstr("real\n")));
}

/// Who made the user namespace of a process may look at it. Without one, what nobody can see is let go, into
/// the sandbox, and that is told.
TEST_P(WithoutTracing, UsersOtherThanRootRunPrograms) {
    auto without_users = under();
    without_users.insert(without_users.end(), {build_tree() / "tests/container_payload", "new_users"});
    for (const bool has_users : {true, false}) {
        const auto result = exec(has_users ? under() : without_users,
                                 "perl -e '$( = $) = 33; $< = $> = 33; exec \"/usr/bin/id\", \"-u\"'");
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("33\n"));
        const std::string said = result.output + result.error;
        const bool seen = has_users || GetParam().under.empty(); // by the capability, in files of /proc
        EXPECT_EQ(said.find("could not see what user 33 executed") == std::string::npos, seen) << said;
    }
}

std::vector<WithheldRow> withheld() {
    const std::vector<std::string> capability = {"/usr/bin/setpriv", "--bounding-set=-sys_ptrace",
                                                 "--inh-caps=-sys_ptrace"};
    // The default capabilities of Docker and Podman, with the one that sandboxes need.
    const std::vector<std::string> usual = {
        "/usr/bin/setpriv",
        "--bounding-set=-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,"
        "+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write,+sys_admin",
        "--inh-caps=-all"};
    return {
        {"Calls", {}, true}, {"Capability", capability}, {"Both", capability, true}, {"Usual", usual, true}};
}
INSTANTIATE_TEST_SUITE_P(Container, WithoutTracing, testing::ValuesIn(withheld()),
                         [](const auto& row) { return std::string{row.param.name}; });

/// Told what to start it with.
TEST_F(Container, WithTheUsualCapabilitiesOnlyIsToldWhatIsMissing) {
    const auto result = exec(
        {"/usr/bin/setpriv",
         "--bounding-set=-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,"
         "+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write",
         "--inh-caps=-all"},
        "true");
    EXPECT_EQ(result.exit, 4) << result.output;
    EXPECT_THAT(result.error, HasSubstr("--cap-add SYS_ADMIN --cap-add MKNOD --cap-add SYS_PTRACE"));
}

TEST_F(Container, CanDoWithoutTheseCalls) {
    for (const char* call : {"unshare", "pidfd_open", "name_to_handle_at", "sched_setscheduler", "fsopen",
                             "execveat", "landlock_create_ruleset"}) {
        const auto result = exec_without(call, "sleep 0.05; echo done");
        EXPECT_EQ(result.exit, 0) << call << result.error;
        EXPECT_THAT(result.output, HasSubstr("done\n")) << call;
    }
}

} // namespace
} // namespace disco::tests
