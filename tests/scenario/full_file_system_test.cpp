// File systems without room: found before anything is changed, or everything is undone.

#include "runner/sys/error.hpp"
#include "tests/support/mounted_tree.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class FullFileSystem : public MountedTreeTest {
protected:
    /// The state on the root's file system, a disk's.
    void put_root_and_state_on_disk() {
        put_root_on("ext4", 128, {"-m", "0"});
        state_here = root() / "state";
    }
    /// /home/large, which the file system of the state has no room for.
    void make_originals_too_large() {
        put_root_and_state_on_disk();
        mount_image("ext4", 16, root() / "home");
        state_here = place() / "small";
        mount_image("ext4", 2, state_here, {"-m", "0", "-O", "^has_journal"});
        sys::check(::chmod(state_here.c_str(), 0700), "set the mode of", state_here);
        put(root() / "home/large", std::string(3'000'000, 'x'));
    }
    /// Leaves so much room.
    void fill(const fs::path& at, std::uint64_t kibibytes) {
        struct statvfs room = {};
        sys::check(::statvfs(at.c_str(), &room), "statvfs", at);
        const std::uint64_t free = room.f_bavail * room.f_frsize;
        if (free > kibibytes << 10)
            outside(fmt::format("head -c {} /dev/zero 2>/dev/null > {}/filler || true",
                                free - (kibibytes << 10), at.string()));
    }
    /// A merge fails before it has changed anything, and a no-op says so as well, with the changes.
    void expect_refused(const std::string& script, const std::string& why) {
        const Snapshot before = tree();
        for (const char* mode : {"--noop", "--merge"}) {
            const auto result = exec(mode, script);
            EXPECT_EQ(result.exit, 4) << mode << result.output;
            EXPECT_THAT(result.output, HasSubstr(why)) << mode;
            EXPECT_THAT(changes(), Contains("created /srv/x")) << mode;
            EXPECT_EQ(difference(before, tree()), "") << mode;
        }
        expect_nothing_left();
    }
};

/// A rename needs no room; the layer, the journal and the report do.
TEST_F(FullFileSystem, OnTheStatesOwnMountAMergeHappensOrNot) {
    put_root_and_state_on_disk();
    for (int i = 0; i < 20; ++i) put(root() / fmt::format("srv/file-{}", i), std::string(5000, 'x'));
    ASSERT_EQ(exec("--merge", "echo >> /etc/motd").exit, 0); // the state's directories are there
    constexpr const char* script = R"(
        cd /srv; for file in file-*; do echo more >> $file; done
        mkdir new; for i in 1 2 3 4 5 6 7 8; do echo $i > new/$i; done; rm file-3)";
    std::size_t merged = 0, refused = 0;
    for (const unsigned left : {0, 4, 16, 32, 64, 96, 128, 160, 192, 224, 256, 320, 512, 1024, 4096, 16384}) {
        const Snapshot before = tree();
        fill(root(), left);
        const auto result = exec("--merge", script);
        fs::remove(root() / "filler");
        const auto recovered = command("recover");
        EXPECT_EQ(recovered.exit, 0) << left << "\n" << recovered.output << recovered.error;
        const std::string said =
            fmt::format("{} KiB: exit {}\n{}{}", left, result.exit, result.output, result.error);
        if (fs::exists(root() / "srv/new")) {
            ++merged;
            EXPECT_EQ(read("srv/new/8"), "8\n") << said;
            EXPECT_FALSE(fs::exists(root() / "srv/file-3")) << said;
            EXPECT_THAT(read("srv/file-9"), HasSubstr("more\n")) << said;
            const auto rollback = command("rollback");
            EXPECT_EQ(rollback.exit, 0) << said << rollback.output << rollback.error;
        } else {
            ++refused;
            EXPECT_NE(result.exit, 0) << said;
            EXPECT_THAT(result.output + result.error, Not(HasSubstr("Bad file descriptor")));
        }
        EXPECT_EQ(difference(before, tree()), "") << said;
        expect_nothing_left();
        if (HasFailure()) break;
    }
    EXPECT_GT(merged, 0U);
    EXPECT_GT(refused, 0U);
}

TEST_F(FullFileSystem, OnAnotherMountWantOfBytesIsSaidBeforehand) {
    put_root_and_state_on_disk();
    mount_image("ext4", 8, root() / "home", {"-m", "0"});
    fill(root() / "home", 512);
    expect_refused("head -c 1000000 /dev/urandom > /home/large; echo x > /srv/x",
                   "the merge needs 1.0 MiB on the file system of '/home', and 0.5 MiB are free: make room");
}

TEST_F(FullFileSystem, OnAnotherMountWantOfInodesIsSaidBeforehand) {
    put_root_and_state_on_disk();
    mount_image("ext4", 8, root() / "home", {"-N", "64"});
    expect_refused("for i in {1..100}; do echo > /home/$i; done; echo x > /srv/x",
                   "the merge needs 100 inodes on the file system of '/home', and ");
}

/// The layers are on a file system that takes ACLs.
TEST_F(FullFileSystem, OnAnotherMountAttributesThatItDoesNotTakeAreSaidBeforehand) {
    put_root_and_state_on_disk();
    mount_image("btrfs", 128, root() / "home");
    fs::create_directories(root() / "home/alice");
    outside(fmt::format("mount -o remount,noacl '{}'", (root() / "home").string()));
    for (const char* script : {"echo > /home/alice/new; setfacl -m u:33:r /home/alice/new; echo x > /srv/x",
                               "setfacl -m u:33:r /home/alice; echo x > /srv/x"})
        expect_refused(script, "has the extended attribute system.posix_acl_access, and the file system of "
                               "'/home' takes no system.posix_acl_access");
}

TEST_F(FullFileSystem, ANoopOfModulesSaysItAsWell) {
    put_root_and_state_on_disk();
    mount_image("ext4", 8, root() / "home", {"-m", "0"});
    fill(root() / "home", 512);
    script("m", "10-large.sh", "head -c 1000000 /dev/urandom > /home/large\n");
    want("m");
    const fs::path plan = place() / "plan";
    for (const auto& result : {noop(), noop({"--save", plan}), live()}) {
        EXPECT_EQ(result.exit, 4) << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("the merge needs 1.0 MiB on the file system of '/home'"));
    }
    EXPECT_FALSE(fs::exists(plan / "plan"));
}

/// The originals have to be copied to the state directory when the merge is done.
TEST_F(FullFileSystem, WithoutRoomForTheOriginalsItIsMergedAndSaid) {
    make_originals_too_large();
    const auto result = exec("--merge", "rm /home/large");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr("so it cannot be rolled back"));
    EXPECT_FALSE(fs::exists(root() / "home/large"));
    expect_nothing_left();
}

/// What has to be confirmed has to be kept.
TEST_F(FullFileSystem, WithoutRoomForTheOriginalsNothingIsMergedThatMayHaveToBeUndone) {
    make_originals_too_large();
    script("m", "10-remove.sh", "rm /home/large\n");
    want("m");
    const Snapshot before = tree();
    const auto result = live({"--confirm", "2"});
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    EXPECT_THAT(
        result.output + result.error,
        testing::ContainsRegex("can be undone if nobody confirms it: the merge needs 2.9 MiB on the file "
                               "system of .+/small/.*undo', and .+ are free"));
    EXPECT_EQ(difference(before, tree()), "");
    expect_nothing_left();
}

TEST_F(FullFileSystem, WithoutRoomForAReportItIsSaidThatNothingWasMergedAndWhy) {
    put_root_and_state_on_disk();
    ASSERT_EQ(exec("--noop", "true").exit, 0); // the state's directories are there
    outside(fmt::format("mount -t tmpfs -o ro t {}/runs", state().native()));
    const auto pending = exec("--noop", "echo >> /etc/motd");
    EXPECT_EQ(pending.exit, 4) << pending.output;
    EXPECT_THAT(pending.error, HasSubstr(" merged nothing, and its report cannot be stored: "));
    const auto failed = exec("--merge", "echo >> /etc/motd; exit 3");
    EXPECT_EQ(failed.exit, 4) << failed.output;
    EXPECT_THAT(failed.error, testing::ContainsRegex(" merged nothing \\(.+\\), and its report"));
    outside(fmt::format("umount {}/runs", state().native()));
}

} // namespace
} // namespace disco::tests
