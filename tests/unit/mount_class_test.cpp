// Which mounts below the live root are managed, which are shown as they are, and which are not shown.

#include "runner/overlay/mount_class.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

using testing::ElementsAre;

SeenMount at(int id, int parent, const char* point, const char* type = "ext4",
             const char* options = "rw,relatime") {
    return {{.id = id,
             .parent = parent,
             .root = "/",
             .point = point,
             .options = options,
             .type = type,
             .source = ""},
            true};
}

std::vector<std::string> classes(const std::vector<SeenMount>& mounts, const char* root = "/") {
    constexpr const char* names[] = {"managed", "private", "kernel", "readonly", "bound_file"};
    std::vector<std::string> rows;
    for (const ClassifiedMount& row : classify_mounts(mounts, root))
        rows.push_back(fmt::format("{} {}", names[static_cast<int>(row.kind)], row.inside));
    return rows;
}

const SeenMount root = at(1, 0, "/");

TEST(MountClass, OfTheRootIsManagedWhetherOrNotItIsAMountPoint) {
    EXPECT_THAT(classes({root}), ElementsAre("managed "));
    EXPECT_THAT(classes({root}, "/srv/tree"), ElementsAre("managed "));
}

TEST(MountClass, OfFileSystemsOfFilesIsManaged) {
    EXPECT_THAT(classes({root, at(2, 1, "/var", "xfs"), at(3, 1, "/home", "btrfs"), at(4, 1, "/boot", "vfat"),
                         at(5, 1, "/srv", "nfs4"), at(6, 1, "/opt", "tmpfs"), at(7, 2, "/var/log")}),
                ElementsAre("managed ", "managed /boot", "managed /home", "managed /opt", "managed /srv",
                            "managed /var", "managed /var/log"));
}

TEST(MountClass, OfTheKernelsTreesAndWhatIsInThem) {
    EXPECT_THAT(classes({root, at(2, 1, "/proc", "proc"), at(3, 2, "/proc/sys/fs/binfmt_misc", "binfmt_misc"),
                         at(4, 1, "/sys", "sysfs"), at(5, 4, "/sys/fs/cgroup", "cgroup2"),
                         at(6, 1, "/dev", "devtmpfs"), at(7, 6, "/dev/pts", "devpts"),
                         at(8, 1, "/mnt/debug", "debugfs")}),
                ElementsAre("managed ", "kernel /dev", "kernel /mnt/debug", "kernel /proc", "kernel /sys"));
}

TEST(MountClass, OfPrivateTreesAndWhatIsInThem) {
    EXPECT_THAT(classes({root, at(2, 1, "/tmp"), at(3, 1, "/run", "tmpfs"), at(4, 3, "/run/user/0", "tmpfs"),
                         at(5, 2, "/tmp/x")}),
                ElementsAre("managed ", "private /run", "private /tmp"));
}

TEST(MountClass, LeavesOutWhatLiesInAPrivateTreeThatIsNoMount) {
    EXPECT_THAT(classes({root, at(2, 1, "/tmp/x"), at(3, 1, "/run/lock")}), ElementsAre("managed "));
}

TEST(MountClass, OfReadOnlyMounts) {
    EXPECT_THAT(classes({root, at(2, 1, "/usr", "ext4", "ro,relatime"), at(3, 2, "/usr/local"),
                         at(4, 1, "/opt", "ext4", "rw,errors=remount-ro")}),
                ElementsAre("managed ", "managed /opt", "readonly /usr", "managed /usr/local"));
}

TEST(MountClass, OfASingleFile) {
    SeenMount file = at(2, 1, "/etc/resolv.conf");
    file.directory = false;
    EXPECT_THAT(classes({root, file}), ElementsAre("managed ", "bound_file /etc/resolv.conf"));
}

TEST(MountClass, CountsFromTheRootThatIsManaged) {
    EXPECT_THAT(classes({root, at(2, 1, "/srv/tree/home"), at(3, 1, "/srv/tree/tmp"), at(4, 1, "/srv/trees"),
                         at(5, 1, "/home")},
                        "/srv/tree"),
                ElementsAre("managed ", "managed /home", "private /tmp"));
}

TEST(MountClass, LeavesOutWhatAnotherMountHides) {
    // The second mount of /home stands on the first; /srv/inner was there before /srv was mounted over it.
    EXPECT_THAT(classes({root, at(2, 1, "/home", "ext4", "ro"), at(3, 2, "/home", "xfs"),
                         at(4, 1, "/srv/inner"), at(5, 1, "/srv")}),
                ElementsAre("managed ", "managed /home", "managed /srv"));
}

} // namespace
} // namespace disco::overlay
