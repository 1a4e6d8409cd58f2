// Mounts that cannot have an overlay: those that overlayfs refuses as a lower layer, as /boot/efi is on
// almost every machine with an EFI, and those that not even root may look at.

#include "runner/overlay/user_attributes.hpp"
#include "runner/sys/metadata.hpp"
#include "tests/support/mounted_tree.hpp"

#include <fcntl.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ForeignFileSystem : public MountedTreeTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directories(state());
        type_ = mount_foreign(root() / "boot/efi");
        put(root() / "boot/efi/loader", "a loader\n");
        put(root() / "etc/motd", "welcome\n");
    }
    void TearDown() override {
        if (!IsSkipped() && !place().empty()) expect_nothing_left();
        MountedTreeTest::TearDown();
    }
    /// Of all modules of the last run, those that tell of such a mount.
    std::vector<std::string> told() {
        std::vector<std::string> texts;
        const nlohmann::json report = last_report();
        for (const auto& module : report.at("modules"))
            for (const auto& notice : module.at("notices"))
                if (notice.at("kind") == "read-only") texts.push_back(notice.at("text"));
        return texts;
    }

    std::string type_;
};

TEST_F(ForeignFileSystem, AreReadAndNotWrittenAndTheRestIsMerged) {
    constexpr const char* script = R"(
        cat /boot/efi/loader
        echo x > /boot/efi/new; echo x >> /boot/efi/loader; rm /boot/efi/loader; mkdir /boot/efi/EFI
        rmdir /boot/efi; mv /boot/efi /boot/moved
        echo more >> /etc/motd; echo kernel > /boot/kernel
    )";
    const auto foreign = [&] { return snapshot(root() / "boot/efi"); };
    const Snapshot efi = foreign(), before = tree();
    for (const std::string mode : {"--noop", "--merge"}) {
        const auto result = exec(mode, script);
        EXPECT_EQ(result.exit, 0) << mode << result.output << result.error;
        const std::string said = result.output + result.error;
        EXPECT_THAT(said, HasSubstr("a loader"));
        for (const char* refused :
             {"/boot/efi/new: Read-only file system", "/boot/efi/loader: Read-only file system",
              "cannot remove '/boot/efi/loader': Read-only file system",
              "/boot/efi/EFI’: Read-only file system",
              "failed to remove '/boot/efi': Device or resource busy",
              "cannot move '/boot/efi' to '/boot/moved': Device or resource busy"})
            EXPECT_THAT(said, HasSubstr(refused)) << mode;
        EXPECT_THAT(changes(), ElementsAre("created /boot/kernel", "modified /etc/motd")) << mode;
        EXPECT_THAT(told(), ElementsAre(AllOf(HasSubstr("'/boot/efi' is shown read-only"),
                                              HasSubstr("(" + type_ + ")"), HasSubstr("disco-defer"))))
            << mode;
        EXPECT_THAT(said, HasSubstr("'/boot/efi' is shown read-only"));
        EXPECT_EQ(difference(efi, foreign()), "") << mode;
        if (mode == "--noop") {
            EXPECT_EQ(difference(before, tree()), "");
        }
    }
    EXPECT_EQ(read("etc/motd"), "welcome\nmore\n");
    EXPECT_EQ(read("boot/kernel"), "kernel\n");
    ASSERT_EQ(command("rollback").exit, 0);
    EXPECT_EQ(difference(before, tree()), "");
}

TEST_F(ForeignFileSystem, AreNotSpokenOfWhereNothingIsWrittenThere) {
    const auto result = exec("--merge", "cat /boot/efi/loader; echo more >> /etc/motd; exit 0");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(told(), IsEmpty());
    EXPECT_EQ(exec("--noop", "cat /boot/efi/loader; exit 3").exit, 4);
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(ForeignFileSystem, AMountBelowOneIsMerged) {
    fs::create_directories(root() / "boot/efi/data");
    mount_tmpfs(root() / "boot/efi/data");
    const auto result = exec("--merge", "echo x > /boot/efi/data/new");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("boot/efi/data/new"), "x\n");
    EXPECT_THAT(told(), IsEmpty());
}

TEST_F(ForeignFileSystem, AModuleThatDeliversThereFailsAndItIsToldOnce) {
    for (const char* module : {"a", "b"}) {
        module_file(module, "files/boot/efi/new", "x\n");
        want(module);
    }
    const Snapshot before = root_snapshot();
    const auto result = noop();
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    for (const char* module : {"a", "b"})
        EXPECT_THAT(module_of(last_report(), module).at("reason").get<std::string>(),
                    AllOf(HasSubstr("files/boot/efi/new"), HasSubstr("Read-only file system")));
    EXPECT_THAT(told(), ElementsAre(HasSubstr("'/boot/efi'")));
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(ForeignFileSystem, ADeferredCommandWritesThere) {
    const auto result = exec("--merge", "disco-defer cp /etc/motd /boot/efi/new");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("boot/efi/new"), "welcome\n");
}

class ClosedMount : public MountedTreeTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        need_fuse();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directories(state());
        put(place() / "theirs/secret", "secret\n");
        mount_fuse(place() / "theirs", root() / "home/alice/mnt", For::one_user);
    }
};

TEST_F(ClosedMount, IsNotShownAndTheRestIsMerged) {
    std::error_code error;
    (void)fs::status(root() / "home/alice/mnt", error);
    ASSERT_EQ(error, std::errc::permission_denied) << "root can look at it";
    for (const char* mode : {"--noop", "--merge"}) {
        const auto result = exec(mode, "ls /home/alice/mnt; echo x > /home/alice/new");
        EXPECT_EQ(result.exit, 0) << mode << result.output << result.error;
        EXPECT_THAT(changes(), ElementsAre("created /home/alice/new"));
        EXPECT_EQ(result.output.find("secret"), std::string::npos);
    }
    EXPECT_EQ(read("home/alice/new"), "x\n");
}

TEST_F(ClosedMount, StandsInTheWayOfAMerge) {
    put(root() / "home/alice/kept", "kept\n");
    for (const auto& [script, why] :
         {std::pair{"echo more >> /home/alice/kept; rmdir /home/alice/mnt", "is a mount point"},
          std::pair{"echo more >> /home/alice/kept; echo x > /home/alice/mnt/new", "Permission denied"}}) {
        const auto result = exec("--merge", script);
        EXPECT_EQ(result.exit, 4) << script << "\n" << result.output << result.error;
        EXPECT_THAT(result.output, AllOf(HasSubstr(why), HasSubstr("nothing was merged")));
        EXPECT_EQ(read("home/alice/kept"), "kept\n") << script;
    }
}

TEST_F(ClosedMount, OneWhoseServerHasDiedIsNotShownEither) {
    const fs::path at = root() / "home/bob/mnt";
    mount_fuse(place() / "theirs", at);
    outside(fmt::format(
        "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2> /dev/null | grep -q '^bindfs .*{}' && "
        "kill -KILL ${{p#/proc/}}; done; true",
        at.string()));
    std::error_code error;
    for (int i = 0; i < 500 && error != std::errc::not_connected; ++i) {
        ::usleep(10'000);
        (void)fs::status(at, error);
    }
    ASSERT_EQ(error, std::errc::not_connected);
    const auto result = exec("--merge", "ls -A /home/bob/mnt; echo x > /home/bob/new");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("home/bob/new"), "x\n");
    EXPECT_EQ(exec("--merge", "echo x > /home/bob/mnt/new").exit, 4);
}

class ForeignLiveRoot : public MountedTreeTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        if (!kernel_has("vfat")) GTEST_SKIP() << "LEFT OUT: this kernel has no vfat (/proc/filesystems)";
    }
};

TEST_F(ForeignLiveRoot, IsRefused) {
    mount_image("vfat", 2, root() / "boot/efi");
    const auto result =
        disco({"exec", "--noop", "--root", root() / "boot/efi", "--state-dir", state(), "--", "/bin/true"});
    EXPECT_EQ(result.exit, 78) << result.output;
    EXPECT_THAT(result.error, HasSubstr("as the root: it is on vfat, which overlayfs does not take"));
}

/// The layers lie in memory, and what is changed on a disk.
using LayersInMemory = MountedTreeTest;

TEST_F(LayersInMemory, TakeNoAttributesOfUsersAwayFromTheDisk) {
    put_root_on("ext4", 64);
    fs::create_directories(state());
    put(root() / "etc/motd", "welcome\n");
    sys::set_xattr_at(AT_FDCWD, root() / "etc/motd", "user.kept", "value");
    const bool lost = overlay::lost_user_attributes(state(), {{.inside = "", .live = root()}})
                          .has_value(); // before Linux 6.6
    const Snapshot before = tree();

    const auto preview = exec("--noop", "echo more >> /etc/motd");
    EXPECT_EQ(preview.exit, 0) << preview.error;
    const std::string warning = "takes no extended attributes user.*";
    EXPECT_EQ(preview.error.find(warning) != std::string::npos, lost) << preview.error;
    EXPECT_EQ(difference(before, tree()), "");

    const auto result = exec("--merge", "echo more >> /etc/motd");
    EXPECT_EQ(result.exit, lost ? 78 : 0) << result.error;
    EXPECT_EQ(result.error.find("--state-dir") != std::string::npos, lost) << result.error;
    EXPECT_EQ(sys::read_file(root() / "etc/motd"), lost ? "welcome\n" : "welcome\nmore\n");
    EXPECT_THAT(sys::read_xattrs_at(AT_FDCWD, root() / "etc/motd"), Contains(Pair("user.kept", "value")));
}

} // namespace
} // namespace disco::tests
