// A merge that is killed on a live root with mounts in it.

#include "tests/support/faults.hpp"
#include "tests/support/many_mounts.hpp"

#include <csignal>
#include <iostream>

#include <fmt/format.h>

namespace disco::tests {
namespace {

class KilledOnMounts : public ManyMountsTest {};

TEST_P(KilledOnMounts, AMergeIsTakenBackOrCompleted) {
    if (layers_are_refused()) return;
    const Snapshot before = tree();
    const auto words = exec_words("--merge", rearrange_mounts);
    const auto made = [&] { return changing_calls(words, (state() / "undo").string(), place() / "strace"); };
    static_cast<void>(
        made()); // a run that finds no state directories makes more calls than those that follow
    ASSERT_EQ(command("rollback").exit, 0);
    const auto calls = made();
    const Snapshot merged = tree();
    ASSERT_EQ(command("rollback").exit, 0);
    ASSERT_GT(calls.size(), 100U);
    constexpr std::size_t points = 6;
    for (std::size_t point = 0; point < points; ++point) {
        const ChangingCall& call = calls[(calls.size() - 1) * point / (points - 1)];
        EXPECT_EQ(run_with_fault(words, call, "signal=KILL").signal, SIGKILL) << call.line;
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << call.line << "\n" << recovered.output << recovered.error;
        outside(fmt::format("rm -rf {}/scratch/*", state().string())); // goes with the next run
        expect_nothing_left();
        if (HasFailure()) std::cout << call.line << "\n" << recovered.output << recovered.error;
        if (difference(merged, tree()).empty()) {
            const auto rollback = command("rollback");
            EXPECT_EQ(rollback.exit, 0)
                << call.line << "\n"
                << recovered.output << recovered.error << rollback.output << rollback.error;
        }
        EXPECT_EQ(difference(before, tree()), "") << "killed at " << call.line;
        if (HasFailure()) break;
    }
}

INSTANTIATE_TEST_SUITE_P(StateOn, KilledOnMounts,
                         testing::Values(StateOn::root, StateOn::memory, StateOn::home, StateOn::var),
                         name_of);

} // namespace
} // namespace disco::tests
