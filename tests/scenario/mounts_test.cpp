// What a merge makes of a live root with mounts in it is what the command does without disco.

#include "tests/support/many_mounts.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;

class Mounts : public ManyMountsTest {};

TEST_P(Mounts, AMergeGivesWhatTheCommandGivesWithoutDisco) {
    if (layers_are_refused()) return;
    const Snapshot before = tree();
    const auto preview = exec("--noop", rearrange_mounts);
    EXPECT_EQ(preview.exit, 0) << preview.output << preview.error;
    const auto announced = changes();
    EXPECT_EQ(difference(before, tree()), "");

    const auto result = exec("--merge", rearrange_mounts);
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(changes(), announced);
    const Snapshot merged = tree();
    expect_nothing_left();

    const auto rollback = command("rollback");
    EXPECT_EQ(rollback.exit, 0) << rollback.output << rollback.error;
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();

    native(rearrange_mounts);
    EXPECT_EQ(difference(tree(), merged), "");
}

TEST_P(Mounts, WhatCannotBeDoneFailsAsItDoesWithoutDisco) {
    constexpr const char* attempts = R"(
        cd /
        (echo x > media/file); (echo x > media/new); rm media/file; touch media; chmod 700 media
        rm -r media; mv media elsewhere; rmdir media
        (echo x >> srv/readonly/one); rm srv/readonly/one; mkdir srv/readonly/new
        rm -r srv/bound/../bound/none; rmdir srv/bound; mv srv/bound srv/moved; mkdir srv/bound
        mv home elsewhere; rmdir var/log; rm -d var/log; mv var/log var/elsewhere
        rm etc/bound; mv etc/bound etc/elsewhere; ln etc/bound etc/twin; ln home/alice/kept srv/twin
        mv var/log/app/kept var/log/app/moved; mv home/alice/kept srv/kept
    )";
    const std::string script = fmt::format("exec 2>&1; {}\ntrue", attempts);
    const Snapshot before = tree();
    const auto result = exec("--noop", script);
    EXPECT_EQ(result.exit, 0) << result.output;
    EXPECT_EQ(difference(before, tree()), "");
    const std::string expected = native(script);
    EXPECT_THAT(expected, HasSubstr("Read-only file system"));
    EXPECT_THAT(expected, HasSubstr("Device or resource busy"));
    EXPECT_EQ(result.output.substr(0, expected.size()), expected);
}

INSTANTIATE_TEST_SUITE_P(StateOn, Mounts,
                         testing::Values(StateOn::root, StateOn::memory, StateOn::home, StateOn::var),
                         name_of);

} // namespace
} // namespace disco::tests
