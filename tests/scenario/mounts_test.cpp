// What a merge makes of a live root with mounts in it is what the command does without disco.

#include "runner/sys/error.hpp"
#include "tests/support/many_mounts.hpp"

#include <sys/stat.h>

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

class PrivateMounts : public MountedTreeTest {
protected:
    /// Whether the report shows the content of /srv/in/data/file, which a script makes or changes.
    bool shows(const std::string& script) {
        EXPECT_EQ(exec("--noop", script + "; echo hunter2 > /srv/in/data/file").exit, 0);
        const nlohmann::json report = last_report();
        for (const auto& change : report.at("modules").at(0).at("changes"))
            if (change.at("path") == "/srv/in/data/file")
                return change.dump().find("hunter2") != std::string::npos;
        ADD_FAILURE() << "no change: " << report.dump();
        return false;
    }
};

/// What others cannot get to is not shown, whichever mount the directory belongs to that keeps them out.
TEST_F(PrivateMounts, BelowAPrivateDirectoryAreNotShown) {
    const std::filesystem::path above = root() / "srv/in", top = above / "data";
    mount_tmpfs(top);
    put(top / "file", "old\n");
    const auto set = [](const std::filesystem::path& path, mode_t mode) {
        sys::check(::chmod(path.c_str(), mode), "set the mode of", path);
    };
    EXPECT_TRUE(shows("true"));
    EXPECT_FALSE(shows("chmod 700 /srv/in/data"));
    EXPECT_FALSE(shows("chmod 700 /srv/in"));
    EXPECT_FALSE(shows("chmod 700 /"));
    set(top, 0700);
    EXPECT_FALSE(shows("true"));
    EXPECT_FALSE(shows("chmod 755 /srv/in/data")) << "it was private before";
    set(top, 0755);
    set(above, 0750);
    EXPECT_FALSE(shows("true"));
    EXPECT_FALSE(shows("chmod 755 /srv/in"));
    set(above, 0755);
    set(root(), 0700);
    EXPECT_FALSE(shows("true"));
    set(root(), 0755);
    EXPECT_TRUE(shows("chmod 644 /srv/in/data/file"));
}

} // namespace
} // namespace disco::tests
