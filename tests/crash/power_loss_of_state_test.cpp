// The power is lost while a plan is saved and applied, and while a merge waits for confirmation: what the
// state directory holds is whole, or not there.

#include "tests/support/build_tree.hpp"
#include "tests/support/every_kind.hpp"
#include "tests/support/power_loss.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PowerLossOfState : public PowerLossTest {
protected:
    void SetUp() override {
        PowerLossTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        script("m", "10-change", std::string{"#!/bin/bash\n"} + change_every_kind);
        want("m");
    }
    [[nodiscard]] std::string plan() const { return state() / "plan"; }
    [[nodiscard]] std::vector<std::string> apply_words() const {
        return {disco_binary(), "apply", plan(), "--state-dir", state()};
    }
    [[nodiscard]] sys::ProgramResult apply() const {
        return disco({"apply", plan(), "--state-dir", state()});
    }
    /// `disco runs` tells of runs that lived to write a report only.
    [[nodiscard]] bool waits_for_confirmation() const {
        if (!fs::exists(state() / "undo")) return false;
        for (const auto& run : fs::directory_iterator{state() / "undo"})
            if (fs::exists(run.path() / "confirm")) return true;
        return false;
    }
    /// Waits for a run to ask, and confirms it.
    void confirm_when_asked() const {
        for (int tries = 0; tries < 1000; ++tries, ::usleep(20'000))
            if (waits_for_confirmation() && command("confirm").exit == 0) return;
    }
    /// Of a dance, up to where it says that it waits.
    std::vector<ChangingCall> calls_of_unconfirmed(const std::vector<std::string>& words) {
        const pid_t confirms = ::fork();
        if (confirms == 0) {
            confirm_when_asked();
            ::_exit(0);
        }
        auto calls = calls_of(words);
        EXPECT_EQ(exit_of(confirms), 0);
        while (!calls.empty() && calls.back().line.find("will be undone in") == std::string::npos)
            calls.pop_back();
        return calls;
    }
};

TEST_P(PowerLossOfState, WhileAPlanIsSavedAndApplied) {
    const Snapshot before = restorable_tree();
    const auto save = dance_words({"--noop", "--save", plan()});
    const auto saving = changing_calls(save, plan(), place() / "strace");
    lose_power(Reaches::nothing);
    expect_whole_state("after a plan was saved");
    keep_as("saved");
    const auto applying = calls_of(apply_words());
    Trees trees{before, tree()};
    lose_power(Reaches::nothing);
    EXPECT_EQ(expect_either(trees, "after the plan was applied"), Found::new_one);

    for (const Point& point : points(saving, 5)) {
        if (HasFailure()) return;
        restore("furnished");
        crash(save, point);
        expect_whole_state(point.text());
        const auto applied = apply();
        if (applied.exit == 0) {
            EXPECT_EQ(difference(trees.new_one, tree()), "") << point.text();
        } else {
            EXPECT_EQ(applied.exit, 78) << point.text() << applied.output << applied.error;
            EXPECT_THAT(applied.error,
                        testing::AnyOf(HasSubstr("is no saved plan"), HasSubstr("No such file")))
                << point.text();
            EXPECT_EQ(difference(before, restorable_tree()), "") << point.text();
        }
    }
    for (const Point& point : points(applying, 3)) {
        if (HasFailure()) return;
        restore("saved");
        crash(apply_words(), point);
        (void)expect_either(trees, point.text());
    }
}

TEST_P(PowerLossOfState, WhileAMergeWaitsForConfirmation) {
    const auto words = dance_words({"--confirm", "600"});
    Trees trees{restorable_tree(), {}};
    const auto calls = calls_of_unconfirmed(words);
    ASSERT_GT(calls.size(), 50U);
    trees.new_one = tree();
    for (const Point& point : points(calls, 5)) {
        if (HasFailure()) return;
        restore("furnished");
        crash(words, point);
        if (expect_either(trees, point.text()) == Found::new_one)
            EXPECT_TRUE(waits_for_confirmation()) << point.text();
        else
            EXPECT_NE(point.call.line, calls.back().line) << "it had told that it waits";
    }
    // The last point was after it had been told.
    for (const Reaches reaches : {Reaches::nothing, Reaches::metadata}) {
        keep_as("waiting");
        const auto confirmed = command("confirm");
        EXPECT_EQ(confirmed.exit, 0) << confirmed.error;
        lose_power(reaches);
        EXPECT_EQ(expect_either(trees, "after it was confirmed"), Found::new_one);
        EXPECT_FALSE(waits_for_confirmation());
        restore("waiting");
    }
}

/// A dance with --offline would deliver what is there.
TEST_P(PowerLossOfState, AfterAFetch) {
    module_file("m", "files/etc/large", std::string(200'000, 'x'));
    for (const Reaches reaches : {Reaches::nothing, Reaches::metadata, Reaches::some_files}) {
        restore("furnished");
        ASSERT_EQ(noop().exit, 0);
        const std::string fingerprint = last_report().at("fingerprint");
        lose_power(reaches);
        const auto offline = noop({"--offline"});
        if (offline.exit == 0)
            EXPECT_EQ(last_report().at("fingerprint"), fingerprint) << offline.output;
        else
            EXPECT_THAT(offline.error, HasSubstr("is not in the last good copy")) << offline.output;
    }
}

INSTANTIATE_TEST_SUITE_P(On, PowerLossOfState, testing::ValuesIn(all_disks()), name_of);

} // namespace
} // namespace disco::tests
