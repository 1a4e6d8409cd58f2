// Mounts that stand in the way of a merge, or come in its way while the command runs; a live root that is an
// overlay; subvolumes.

#include "runner/sys/error.hpp"
#include "tests/support/mounted_tree.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A command waits for the test by a file of the host that is bound into the tree: it shows what the host
/// writes.
class MountsMeanwhile : public MountedTreeTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        make_signal();
    }
    void make_signal() {
        put(place() / "signal", "");
        bind(place() / "signal", root() / "etc/signal");
    }
    /// Runs the script, then `meanwhile`, then the merge: the exit code.
    template <class Meanwhile> int merge(const std::string& script, const Meanwhile& meanwhile) {
        sys::write_file(place() / "signal", "", 0644);
        sys::write_file(place() / "log", "", 0600); // of an earlier one
        const pid_t child = start(exec_words("--merge", script + R"(
            echo sleeping; until [ -s /etc/signal ]; do sleep 0.02; done)"));
        EXPECT_TRUE(wait_for_script()) << log();
        meanwhile();
        sys::write_file(place() / "signal", "go\n", 0644);
        const int code = exit_of(child);
        sys::write_file(place() / "signal", "", 0644);
        return code;
    }
};

TEST_F(MountsMeanwhile, ReadOnlyNowIsAConflict) {
    mount_image("xfs", 300, root() / "home");
    put(root() / "home/file", "old\n");
    const Snapshot before = tree();
    const auto home = root() / "home";
    EXPECT_EQ(merge("echo new > /home/file; echo new > /srv/new",
                    [&] {
                        sys::check(::mount(nullptr, home.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr),
                                   "remount", home);
                    }),
              8)
        << log();
    EXPECT_THAT(log(), HasSubstr("conflict: /home/: expected a file system that can be written, found: it is "
                                 "mounted read-only"));
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

TEST_F(MountsMeanwhile, AMountOverWhatIsReplacedIsAConflict) {
    put(root() / "srv/data/file", "old\n");
    put(root() / "srv/going/deep/file", "old\n");
    put(root() / "srv/single", "old\n");
    const Snapshot before = tree();
    EXPECT_EQ(merge("echo new > /srv/data/file; rm -r /srv/going; echo new > /srv/single",
                    [&] {
                        mount_tmpfs(root() / "srv/data");
                        mount_tmpfs(root() / "srv/going/deep");
                        bind(place() / "signal", root() / "srv/single");
                    }),
              8)
        << log();
    EXPECT_THAT(log(), HasSubstr("conflict: /srv/data/file: "));
    EXPECT_THAT(log(),
                HasSubstr("conflict: /srv/going/deep: expected no mount, found: something is mounted"));
    EXPECT_THAT(log(), HasSubstr("conflict: /srv/single: "));
    for (const char* at : {"srv/data", "srv/going/deep", "srv/single"})
        EXPECT_EQ(::umount2((root() / at).c_str(), 0), 0);
    forget_mounts(3);
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

TEST_F(MountsMeanwhile, AFileSystemThatIsGoneIsMissed) {
    mount_tmpfs(root() / "home");
    put(root() / "home/file", "old\n");
    EXPECT_EQ(merge("echo new > /home/file; echo new > /srv/new",
                    [&] { EXPECT_EQ(::umount2((root() / "home").c_str(), MNT_DETACH), 0); }),
              4)
        << log();
    EXPECT_THAT(log(), HasSubstr("is not there any more"));
    forget_mounts(1);
    EXPECT_TRUE(fs::is_empty(root() / "home"));
    EXPECT_FALSE(fs::exists(root() / "srv/new"));
    expect_nothing_left();
}

/// A copy of it is in the layer, and would come as something new.
TEST_F(MountsMeanwhile, WhatSomebodyHasRemovedIsNotMadeAnew) {
    put(root() / "srv/file", "old\n");
    put(root() / "srv/directory/in", "old\n");
    for (const char* name : {"srv/file", "srv/directory"}) {
        EXPECT_EQ(merge("echo more >> /srv/file; echo more >> /srv/directory/new; mv /srv/file /srv/moved;"
                        "mv /srv/moved /srv/file",
                        [&] { fs::remove_all(root() / name); }),
                  8)
            << log();
        EXPECT_THAT(log(),
                    HasSubstr(fmt::format("conflict: /{}: expected it where it was, found: removed", name)));
        EXPECT_FALSE(fs::exists(root() / name));
        put(root() / "srv/file", "old\n");
        put(root() / "srv/directory/in", "old\n");
    }
    EXPECT_EQ(read("srv/file"), "old\n");
    EXPECT_EQ(exec("--merge", "mv /srv/file /srv/moved; mv /srv/directory /srv/new").exit, 0);
    EXPECT_EQ(read("srv/moved") + read("srv/new/in"), "old\nold\n");
    expect_nothing_left();
}

/// Once a script has seen a name, overlayfs goes on with what was there, and copies up what is removed
/// already.
TEST_F(MountsMeanwhile, WhatSomebodyRemovesWhileTheScriptRunsIsNotMadeAnew) {
    const std::string look =
        "[ -e /srv/file ]; echo sleeping; until [ -s /etc/signal ]; do sleep 0.02; done; ";
    const auto removed = [&] { fs::remove(root() / "srv/file"); };
    for (const char* work :
         {"echo more >> /srv/file; cat /srv/file", "chmod 600 /srv/file", ": > /srv/file"}) {
        put(root() / "srv/file", "old\n");
        EXPECT_EQ(merge(look + work, removed), 8) << work << "\n" << log();
        EXPECT_THAT(log(), HasSubstr("conflict: /srv/file: expected it where it was, found: somebody has "
                                     "changed its directory since"));
        EXPECT_FALSE(fs::exists(root() / "srv/file")) << work;
    }
    // Natively, too, this would make a new one.
    put(root() / "srv/file", "old\n");
    EXPECT_EQ(merge(look + "echo new > /srv/next; mv /srv/next /srv/file", removed), 0) << log();
    EXPECT_EQ(read("srv/file"), "new\n");
    // A time that the script has set tells something only where somebody has changed the directory.
    const std::string dated = "[ -e /srv/file ]; echo new > /srv/dated; touch -d 2001-02-03 /srv/dated";
    EXPECT_EQ(merge(dated, [&] { put(root() / "etc/other", "theirs\n"); }), 0) << log();
    EXPECT_EQ(read("srv/dated"), "new\n");
    expect_nothing_left();
}

TEST_F(MountsMeanwhile, WhatSomebodyHasRenamedDoesNotComeBackUnderItsOldName) {
    for (const char* name : {"srv/file", "srv/directory"}) {
        put(root() / "srv/file", "old\n");
        put(root() / "srv/directory/in", "old\n");
        EXPECT_EQ(merge("echo more >> /srv/file; echo more >> /srv/directory/new",
                        [&] { fs::rename(root() / name, root() / "srv/theirs"); }),
                  8)
            << log();
        EXPECT_THAT(log(), HasSubstr(fmt::format("conflict: /{}: expected it where it was, found: ", name)));
        EXPECT_FALSE(fs::exists(root() / name));
        fs::remove_all(root() / "srv/theirs");
    }
    // What only the program moves, of the live root and of what another layer has changed, is none.
    put(root() / "srv/file", "old\n");
    EXPECT_EQ(exec("--merge", "echo more >> /srv/file; mv /srv/file /srv/moved").exit, 0);
    EXPECT_EQ(read("srv/moved"), "old\nmore\n");
    expect_nothing_left();
}

/// One object under two paths: what is done by both cannot be brought together.
/// So many that they are looked at in several threads; no texts, so that no differences are made.
TEST_F(MountsMeanwhile, OfVeryManyTheOnesThatSomebodyHasChangedAreTold) {
    const auto all = [&] {
        outside(fmt::format("mkdir -p {0}/srv/many; cd {0}/srv/many; for ((i = 0; i < 5000; i++)); do printf "
                            "'old\\0\\n' > $i; done",
                            root().string()));
    };
    const auto sum = [&] {
        return outside(fmt::format("cat {}/srv/many/* | tr -d '\\0' | sort | uniq -c", root().string()));
    };
    all();
    const std::string replace = "cd /srv/many; for f in *; do printf 'new\\0\\n' > $f; done";
    const auto change = [&] {
        for (const char* name : {"4888", "1"}) put(root() / "srv/many" / name, "theirs\n");
    };
    EXPECT_EQ(merge(replace, change), 8) << log();
    EXPECT_THAT(log(), testing::ContainsRegex("conflict: /srv/many/1: .*\n.*conflict: /srv/many/4888: "));
    EXPECT_EQ(sum(), "   4998 old\n      2 theirs\n");
    all();
    const Snapshot before = tree();
    EXPECT_EQ(merge(replace, [] {}), 0) << log();
    EXPECT_EQ(sum(), "   5000 new\n");
    EXPECT_EQ(command("rollback").exit, 0);
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

TEST_F(MountsMeanwhile, OneFileChangedByTwoPathsIsRefused) {
    put(root() / "srv/data/file", "old\n");
    bind(root() / "srv/data", root() / "srv/again");
    const Snapshot before = tree();
    const auto result = exec("--merge", "echo one >> /srv/data/file; echo two >> /srv/again/file");
    EXPECT_THAT(result.exit, testing::AnyOf(8, 10)) << result.output;
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

class Subvolumes : public MountsMeanwhile {
protected:
    void SetUp() override {
        MountsMeanwhile::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        mount_image("btrfs", 110, root() / "var");
        outside(fmt::format("cd {}/var; btrfs -q subvolume create sub; btrfs -q subvolume create kept-there;"
                            "mkdir -p sub/deep going lib; btrfs -q subvolume create going/inner;"
                            "echo x > sub/file; echo x > sub/deep/file; echo x > going/inner/file",
                            root().string()));
    }
};

TEST_F(Subvolumes, WhatLiesInOneThatIsNotMountedIsAConflict) {
    const Snapshot before = tree();
    for (const char* script :
         {"echo more >> /var/sub/file", "echo new > /var/sub/new", "rm -r /var/sub/deep"}) {
        const auto result = exec("--merge", script);
        EXPECT_EQ(result.exit, 8) << result.output;
        EXPECT_THAT(result.output, HasSubstr("a subvolume that is not mounted"));
        EXPECT_EQ(difference(before, tree()), "");
    }
    expect_nothing_left();
}

TEST_F(Subvolumes, ADirectoryWithOneInItCanBeRemoved) {
    const Snapshot before = tree();
    ASSERT_EQ(exec("--merge", "rm -r /var/going").exit, 0);
    EXPECT_THAT(changes(), ElementsAre("deleted /var/going", "deleted /var/going/inner",
                                       "deleted /var/going/inner/file"));
    EXPECT_FALSE(fs::exists(root() / "var/going"));
    ASSERT_EQ(command("rollback").exit, 0);
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

TEST_F(Subvolumes, OneMayHoldTheState) {
    state_here = root() / "var/kept-there/state";
    for (const char* name : {"a", "b", "c"}) { // more than one layer
        module_file(name, "scripts/10-x.sh", fmt::format("#!/bin/bash\necho {0} >> /var/lib/{0}\n", name),
                    0755);
        want(name);
    }
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("var/lib/a") + read("var/lib/b") + read("var/lib/c"), "a\nb\nc\n");
    ASSERT_EQ(command("rollback").exit, 0);
    EXPECT_TRUE(fs::is_empty(root() / "var/lib"));
    expect_nothing_left();
}

/// As in a container: the tree is an overlay, and the state is on a tmpfs.
class OverlayRoot : public MountedTreeTest {
protected:
    void mount_root(const std::string& options) {
        outside(fmt::format("cd {}; mkdir -p srv/data srv/old/deep; echo one > srv/data/one; echo x > "
                            "srv/old/deep/x; echo gone > srv/data/gone; echo kept > srv/data/kept;"
                            "echo linked > srv/data/linked; ln srv/data/linked srv/data/twin",
                            root().string()));
        const fs::path image = place() / "lower";
        fs::rename(root(), image);
        mount_overlay(image, root(), options);
    }
};

constexpr const char* change_files = R"(
    set -e; cd /srv
    echo more >> data/one; rm data/gone; chmod 600 data/kept; chown 33 data
    rm data/linked; echo instead > data/linked
    mkdir new; echo n > new/n; ln -s data link; echo in > old/deep/y
)";

TEST_F(OverlayRoot, AMergeGivesWhatTheCommandGivesWithoutDisco) {
    mount_root("");
    const Snapshot before = tree();
    const auto result = exec("--merge", change_files);
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    const Snapshot merged = tree();
    expect_nothing_left();
    const auto rollback = command("rollback");
    ASSERT_EQ(rollback.exit, 0) << rollback.output << rollback.error;
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
    native(change_files);
    EXPECT_EQ(difference(tree(), merged), "");
}

TEST_F(OverlayRoot, OneThatRedirectsDirectoriesCanLoseThem) {
    mount_root(",redirect_dir=on");
    const Snapshot before = tree();
    const std::string script = std::string{change_files} + "rm -r old; echo instead > old\n";
    const auto result = exec("--merge", script);
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    const Snapshot merged = tree();
    ASSERT_EQ(command("rollback").exit, 0);
    EXPECT_EQ(difference(before, tree()), "");
    native(script);
    EXPECT_EQ(difference(tree(), merged), "");
    expect_nothing_left();
}

TEST_F(OverlayRoot, WithoutThatADirectoryOfALowerLayerStaysAndTheMergeIsUndone) {
    mount_root(",redirect_dir=off");
    const Snapshot before = tree();
    const auto result = exec("--merge", "echo more >> /srv/data/one; rm -r /srv/old");
    EXPECT_EQ(result.exit, 10) << result.output;
    EXPECT_THAT(result.output, HasSubstr("redirect_dir=on"));
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

/// Such an overlay has no file handles by which a copy would tell what it is a copy of.
class OverlayRootMeanwhile : public MountsMeanwhile {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put(root() / "srv/file", "old\n");
        fs::rename(root(), place() / "lower");
        mount_overlay(place() / "lower", root());
        make_signal();
    }
};

TEST_F(OverlayRootMeanwhile, WhatSomebodyHasRemovedOrRenamedIsNotMadeAnew) {
    EXPECT_EQ(
        merge("echo more >> /srv/file", [&] { fs::rename(root() / "srv/file", root() / "srv/theirs"); }), 8)
        << log();
    EXPECT_FALSE(fs::exists(root() / "srv/file"));
    EXPECT_EQ(merge("echo more >> /srv/theirs", [&] { fs::remove(root() / "srv/theirs"); }), 8) << log();
    EXPECT_THAT(log(), HasSubstr("conflict: /srv/theirs: expected it where it was, found: "));
    EXPECT_FALSE(fs::exists(root() / "srv/theirs"));
    // What the script moves is none, nor is what it makes.
    put(root() / "srv/file", "old\n");
    EXPECT_EQ(merge("mv /srv/file /srv/moved", [] {}), 0) << log();
    EXPECT_EQ(merge("echo new > /srv/new", [&] { fs::remove(root() / "srv/moved"); }), 0) << log();
    EXPECT_EQ(read("srv/new"), "new\n");
    expect_nothing_left();
}

TEST_F(OverlayRoot, TheStateCannotBeOnIt) {
    mount_root("");
    state_here = root() / "var/lib/disco";
    const auto result = exec("--merge", change_files);
    EXPECT_EQ(result.exit, 4) << result.output;
    EXPECT_THAT(result.error, HasSubstr("use --state-dir on ext4, xfs, btrfs or tmpfs"));
}

} // namespace
} // namespace disco::tests
