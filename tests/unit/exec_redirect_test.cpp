#include "runner/border/exec_redirect.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace disco::border {
namespace {

/// Killed, or replaced by another thread's exec, while its call was looked at: nobody is there who could get
/// an error, and nobody's command has failed. ptrace(2) refuses such a thread as it refuses a forbidden one.
TEST(ExecRedirect, OfAThreadThatIsDeadIsNoFailure) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(0);
    siginfo_t ended = {};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0); // it stays a zombie
    seccomp_notif request = {};
    request.pid = static_cast<__u32>(child);
    constexpr int nothing = -1;
    EXPECT_EQ(redirect_exec(nothing, request, {}, nothing, 0, [](int) { FAIL() << "it goes on"; }), 0);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

} // namespace
} // namespace disco::border
