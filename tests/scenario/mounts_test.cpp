// A live root with mounts in it: file systems of several types, bind mounts, read-only ones, mounts below
// mounts. What a merge makes of it is what the command does without disco.

#include "runner/sys/error.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/mounted_tree.hpp"

#include <csignal>
#include <iostream>

#include <sys/mount.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

enum class StateOn { root, memory, home, var };

constexpr const char* furnish = R"(
    mkdir -p srv/{data,old/deep,empty} opt/kit/deep
    echo one > srv/data/one; echo two > srv/data/two; ln -s one srv/data/link; echo x > srv/old/deep/x
    for at in home/alice var/lib/app var/log/app opt/kit; do
        mkdir -p $at/{going/deep,emptied,changing}
        echo kept > $at/kept; echo kept > $at/owned; echo changed > $at/changed; echo gone > $at/gone; echo x > $at/going/deep/x
        echo file > $at/becomes-directory; echo y > $at/emptied/y; ln -s kept $at/link; mkfifo $at/fifo
        truncate -s 3M $at/sparse; echo end >> $at/sparse
        setfattr -n user.before -v value $at/changed; setfacl -m u:33:rw $at/kept $at/owned
        setfacl -d -m u:33:rwx $at/changing; chown 33:33 $at/changing; chmod 2775 $at/changing
    done
    echo kernel > boot/kernel
)";

/// Every kind of change, on every mount.
constexpr const char* rearrange = R"(
    set -e; cd /
    echo more >> srv/data/one; rm -r srv/old; echo instead > srv/old; rmdir srv/empty
    echo through >> srv/bound/two; echo new > srv/bound/new
    for at in home/alice var/lib/app var/log/app opt/kit; do
        echo more >> $at/changed; setfattr -x user.before $at/changed; setfattr -n user.after -v value $at/changed
        chmod 4755 $at/kept; setfacl -m g:33:r $at/kept; chown 33 $at/kept $at/owned
        rm $at/gone; rm -r $at/going; rm $at/emptied/y; ln -sfn changed $at/link
        rm $at/becomes-directory; mkdir $at/becomes-directory; echo in > $at/becomes-directory/in
        echo inherits > $at/changing/inherits; mkdir -p $at/new/deep; echo n > $at/new/deep/n
        echo tail >> $at/sparse; chown 33:4 $at/fifo; mknod $at/device c 1 3
        setfattr -n user.on.directory -v value $at/new
        ln $at/new/deep/n $at/new/twin
    done
    echo newer > boot/kernel; mkdir boot/loader; echo entry > boot/loader/entry
)";

class Mounts : public MountedTreeTest, public testing::WithParamInterface<StateOn> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put_root_on("ext4", 256);
        mount_image("xfs", 300, root() / "home");
        mount_image("btrfs", 110, root() / "var");
        mount_image("ext4", 8, root() / "var/log"); // below a mount, of the root's type
        mount_boot();
        mount_tmpfs(root() / "opt");
        outside(fmt::format("cd {}; {}", root().string(), furnish));
        bind(root() / "srv/data", root() / "srv/bound");
        bind(root() / "srv/data", root() / "srv/readonly", MS_RDONLY);
        put(place() / "elsewhere", "of the host\n");
        bind(place() / "elsewhere", root() / "etc/bound");
        mount_image("ext4", 1, root() / "media");
        put(root() / "media/file", "file\n");
        sys::check(::mount(nullptr, (root() / "media").c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr),
                   "remount", "media");
        switch (GetParam()) {
        case StateOn::root: state_here = root() / "state"; break;
        case StateOn::memory: break;
        case StateOn::home: state_here = root() / "home/state"; break;
        case StateOn::var: state_here = root() / "var/lib/disco"; break;
        }
        fs::create_directories(state());
    }

    void mount_boot() {
        if (kernel_has("vfat")) {
            mount_image("vfat", 2, root() / "boot");
            return;
        }
        std::cout << "LEFT OUT: /boot on vfat, which this kernel does not have (/proc/filesystems); it is on "
                     "ext4 here\n";
        mount_image("ext4", 2, root() / "boot");
    }
};

TEST_P(Mounts, AMergeGivesWhatTheCommandGivesWithoutDisco) {
    const Snapshot before = tree();
    const auto preview = exec("--noop", rearrange);
    EXPECT_EQ(preview.exit, 0) << preview.output << preview.error;
    const auto announced = changes();
    EXPECT_EQ(difference(before, tree()), "");

    const auto result = exec("--merge", rearrange);
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(changes(), announced);
    const Snapshot merged = tree();
    expect_nothing_left();

    const auto rollback = command("rollback");
    EXPECT_EQ(rollback.exit, 0) << rollback.output << rollback.error;
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();

    native(rearrange);
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

TEST_P(Mounts, AMergeKilledInItsMiddleIsTakenBackOrCompleted) {
    const Snapshot before = tree();
    const auto words = exec_words("--merge", rearrange);
    const auto calls = changing_calls(words, (state() / "undo").string(), place() / "strace");
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

INSTANTIATE_TEST_SUITE_P(StateOn, Mounts,
                         testing::Values(StateOn::root, StateOn::memory, StateOn::home, StateOn::var),
                         [](const auto& where) {
                             switch (where.param) {
                             case StateOn::root: return "Root";
                             case StateOn::memory: return "Memory";
                             case StateOn::home: return "Home";
                             case StateOn::var: return "Var";
                             }
                             return "";
                         });

} // namespace
} // namespace disco::tests
