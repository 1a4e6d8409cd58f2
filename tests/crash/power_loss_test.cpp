// The power is lost during a merge, a rollback and a recovery: what was not written to the disk is gone.
// Afterwards the tree is exactly the old one or exactly the new one; the new one, if that had been reported.

#include "tests/support/power_loss.hpp"

#include <fmt/format.h>

namespace disco::tests {
namespace {

class PowerLoss : public PowerLossTest {
protected:
    /// The trees before and after the merge, and the disks after it.
    Trees merged_once() {
        Trees trees{restorable_tree(), {}};
        merge_calls_ = calls_of(merge_words());
        trees.new_one = tree();
        return trees;
    }
    void expect_rolled_back_to(const Snapshot& wanted, const std::string& at) {
        const auto result = command("rollback");
        EXPECT_EQ(result.exit, 0) << at << "\n" << result.output << result.error;
        EXPECT_EQ(difference(wanted, tree()), "") << at;
    }
    std::vector<ChangingCall> merge_calls_;
};

TEST_P(PowerLoss, InAMerge) {
    const Snapshot before = tree();
    const Trees trees = merged_once();
    lose_power(Reaches::nothing);
    EXPECT_EQ(expect_either(trees, "after the merge"), Found::new_one);
    expect_rolled_back_to(before, "after the merge");

    std::size_t old_ones = 0, new_ones = 0;
    for (const Point& point : points(merge_calls_, 6)) {
        if (HasFailure()) break;
        restore("furnished");
        crash(merge_words(), point);
        if (expect_either(trees, point.text()) == Found::old_one) {
            ++old_ones;
            continue;
        }
        ++new_ones;
        expect_rolled_back_to(before, point.text());
    }
    EXPECT_GT(old_ones, 0U);
    EXPECT_GT(new_ones, 0U);
}

TEST_P(PowerLoss, InARollback) {
    const Snapshot before = tree();
    (void)merged_once();
    keep_as("merged");
    Trees trees{restorable_tree(), before};
    const auto calls = calls_of(command_words("rollback"));
    lose_power(Reaches::nothing);
    EXPECT_EQ(expect_either(trees, "after the rollback"), Found::new_one);

    for (const Point& point : points(calls, 6)) {
        if (HasFailure()) break;
        restore("merged");
        crash(command_words("rollback"), point);
        if (expect_either(trees, point.text()) == Found::old_one) expect_rolled_back_to(before, point.text());
    }
}

TEST_P(PowerLoss, InARecovery) {
    const Trees trees = merged_once();
    std::vector<ChangingCall> crashes; // in the middle, and right after the commit
    for (const ChangingCall& call : merge_calls_)
        if (call.name == "renameat2") crashes.push_back(call);
    ASSERT_GT(crashes.size(), 5U);
    crashes = {crashes[crashes.size() / 2]};
    for (std::size_t i = 0; i + 2 < merge_calls_.size(); ++i)
        if (merge_calls_[i].line.find("committed") != std::string::npos)
            crashes.push_back(merge_calls_[i + 2]);
    ASSERT_EQ(crashes.size(), 2U);
    for (const ChangingCall& call : crashes) {
        restore("furnished");
        const Point first{call, Reaches::metadata};
        crash(merge_words(), first);
        keep_as("crashed");
        for (const Point& point : points(calls_of(command_words("recover")), 3)) {
            if (HasFailure()) return;
            restore("crashed");
            crash(command_words("recover"), point);
            (void)expect_either(trees, fmt::format("{}\nthen the recovery {}", first.text(), point.text()));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(On, PowerLoss, testing::ValuesIn(all_disks()), name_of);

} // namespace
} // namespace disco::tests
