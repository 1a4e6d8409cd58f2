// In a container that withholds system calls and capabilities.

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

TEST_F(Container, WithoutTheRightToSetUpNetworksHasNoLoopbackAndSaysSo) {
    const auto result =
        exec({"/usr/bin/setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"}, "echo done");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("done\n"));
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

TEST_F(Container, WithoutPtraceGuardedCommandsFailAndThatIsToldBefore) {
    sanitizer_options = "detect_leaks=0"; // the search for leaks is by ptrace(2)
    put(root() / "usr/bin/systemctl", "#!/bin/sh\necho real\n", 0755);
    const auto result = exec_without("ptrace", "systemctl restart x; echo code $?");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr("this machine refuses ptrace(2), so guarded commands"));
    EXPECT_THAT(result.output + result.error, testing::Not(HasSubstr("real\n")));
    EXPECT_THAT(result.output + result.error, HasSubstr("code 126\n"));
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
